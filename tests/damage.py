"""Bytes that are nearly right: what a decoder has to refuse, or to have meant."""

from hypothesis import strategies as st


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Return whole bytes with a bit flipped, a byte cut out, or one slipped in."""
    data = bytearray(draw(whole))
    place = draw(st.integers(0, len(data)))
    match draw(st.sampled_from(["flip", "cut", "grow"])):
        case "flip" if place < len(data):
            data[place] ^= 1 << draw(st.integers(0, 7))
        case "cut" if place < len(data):
            del data[place]
        case _:
            data.insert(place, draw(st.integers(0, 255)))
    return bytes(data)
