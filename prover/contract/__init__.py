"""The L1 contract as a pure model: calls in, state, events and answers out.

=============  ==============================================================
to add         write
=============  ==============================================================
a call         its kind in ``calls.kinds``, its shape and a line of the table
               in a module of ``calls``; its handler and a line of HANDLERS in
               the module of its idea here; a line of ``intrinsic.WORK``, and
               of ``ceilings.COUNTED`` if more is counted on top; its place
               in one of the two sets of ``freeze``; a message with the same
               fields in ``proto/sextant/v1/l1.proto``; a line of
               ``calls.lengths`` for each new name of a byte string
an event       its kind in ``events.kinds``, its shape and a line of the table
               in a module of ``events``; a message as above
a table        its record in a module of ``records`` (and a line of the list
               there); one line in ``ContractState``; if it keeps money, a
               line of ``bank.STAKES`` or ``bank.TOKEN_PLACES``
a code         its number in ``codes``, where a call's checks come to it
=============  ==============================================================

A module of calls or events that is new is named in the registry beside it, and
a module of handlers in ``contract.HANDLERS``.
"""
