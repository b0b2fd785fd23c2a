/* The compiled form of digest.py: see there.
 *
 * The streaming functions of libcrypto are used because they keep their state where the caller
 * puts it.  The newer interface allocates a context and looks an algorithm up for each message,
 * which takes several times as long as hashing the hundred bytes of a node.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define OPENSSL_API_COMPAT 0x10101000L
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

static PyObject *
hash_joined(PyObject *Py_UNUSED(module), PyObject *const *parts, Py_ssize_t count)
{
    SHA256_CTX state;

    SHA256_Init(&state);
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!PyBytes_Check(parts[i]))
            return PyErr_Format(PyExc_TypeError, "bytes are hashed, not %.200s",
                                Py_TYPE(parts[i])->tp_name);
        SHA256_Update(&state, PyBytes_AS_STRING(parts[i]), (size_t)PyBytes_GET_SIZE(parts[i]));
    }
    PyObject *digest = PyBytes_FromStringAndSize(NULL, SHA256_DIGEST_LENGTH);
    if (digest != NULL)
        SHA256_Final((unsigned char *)PyBytes_AS_STRING(digest), &state);
    return digest;
}

static PyMethodDef functions[] = {
    {"hash_joined", (PyCFunction)(void (*)(void))hash_joined, METH_FASTCALL,
     "Return the SHA-256 of ``parts``, joined."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "digest",
    .m_doc = "The hash of the state tree: SHA-256 of byte strings, one after another.",
    .m_size = 0,
    .m_methods = functions,
};

PyMODINIT_FUNC
PyInit_digest(void)
{
    return PyModuleDef_Init(&definition);
}
