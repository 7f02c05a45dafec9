"""Forms as Excel workbooks: how one is laid out, written, read back and compared.

Nothing here reads the database: services hand over fields and values, and get bytes or findings.
``layout`` says what stands in which cell, ``writer`` makes the whole file once per form and kind,
``stamp`` puts one municipality's values into it, ``reader`` takes a file apart, ``values`` reads
what people typed and ``diff`` compares it with what is saved.
"""
