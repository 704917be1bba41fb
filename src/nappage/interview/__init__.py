"""The patient's interview: one question at a time, only what could change the verdict, folded into `Answers`.

The state is a log of replies, never anything else: `ask` the next question, `reply` to check and append one, `fold` the
log into the answers that screening reads. Replying again replaces; the last reply to each question counts.
"""

from .asking import Progress, ask, progress, question, reply
from .documents import Field, Option, Question, Recognised, Reply, Rows, Said
from .folding import fold
from .names import recognised, suggest
from .telling import in_their_words

__all__ = [
    "Field",
    "Option",
    "Progress",
    "Question",
    "Recognised",
    "Reply",
    "Rows",
    "Said",
    "ask",
    "fold",
    "in_their_words",
    "progress",
    "question",
    "recognised",
    "reply",
    "suggest",
]
