"""What stands between a request and the network, in the order an answer passes it.

`AuthMiddleware` takes the key off, `WindowMiddleware` bounds what is in memory,
`BudgetMiddleware` reads the budget, `DecompressionMiddleware` unpacks the body, and
`AnswerMiddleware` makes a page or an error of it.
"""

from gorgias_crawler.middlewares.answer import AnswerMiddleware
from gorgias_crawler.middlewares.auth import AuthMiddleware
from gorgias_crawler.middlewares.budget import BudgetMiddleware
from gorgias_crawler.middlewares.decompression import DecompressionMiddleware
from gorgias_crawler.middlewares.window import WindowMiddleware

__all__ = [
    "AnswerMiddleware",
    "AuthMiddleware",
    "BudgetMiddleware",
    "DecompressionMiddleware",
    "WindowMiddleware",
]
