"""Look at a user's file, and propose the block of ``input_files`` that loads it.

A build guesses nothing about a file. This is where the guessing is done, once and in
the open: what the file itself decides is proposed, the rest is asked.
"""

from customer_segmentation.inspection.proposal import Proposal, inspect_file
from customer_segmentation.inspection.talk import Choice, Question, ask_at_terminal

__all__ = ["Choice", "Proposal", "Question", "ask_at_terminal", "inspect_file"]
