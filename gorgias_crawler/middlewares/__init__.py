"""What stands between a request and the network, in the order an answer passes it.

`AuthMiddleware` takes the key off, `WindowMiddleware` bounds what is in memory,
`BudgetMiddleware` reads the budget, `DecompressionMiddleware` unpacks the body, and
`AnswerMiddleware` makes a page or an error of it.
"""
