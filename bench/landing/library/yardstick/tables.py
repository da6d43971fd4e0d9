"""Rows to text."""


def plain(rows):
    """A table whose columns are two spaces apart."""
    wide = widths(rows)
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, wide, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def widths(rows):
    """How wide each column is."""
    return [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
