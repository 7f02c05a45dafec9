"""The whole catalogue as a workbook or as tables: out, changed in a spreadsheet, and in again.

``resources`` says what each table holds and which rows are refused, ``widgets`` how cells are
written and read, ``files`` reads and writes CSV and XLSX, ``book`` moves all tables at once.
"""
