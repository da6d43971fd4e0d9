"""What can be done from a shell."""

from yardstick.convert import convert, total
from yardstick.errors import YardstickError
from yardstick.formats import show
from yardstick.parser import parse
from yardstick.spans import find_all
from yardstick.tables import plain


def do_convert(text, symbol):
    return show(convert(text, symbol))


def do_show(text):
    return show(parse(text))


def do_sum(symbol, *texts):
    return show(total(texts, symbol))


def do_find(text):
    return plain([(text[each.start : each.end], show(each.quantity)) for each in find_all(text)])


COMMANDS = {
    "convert": do_convert,
    "show": do_show,
    "sum": do_sum,
    "find": do_find,
}


def main(arguments, say=print):
    """Do what the arguments say; 0 if it could be done, 1 if not, 2 if nobody knows how."""
    if not arguments or arguments[0] not in COMMANDS:
        say(f"commands: {', '.join(COMMANDS)}")
        return 2
    try:
        say(COMMANDS[arguments[0]](*arguments[1:]))
    except (YardstickError, TypeError) as error:
        say(f"error: {error}")
        return 1
    return 0
