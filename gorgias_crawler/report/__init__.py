"""The page that `scrapy report` makes: figures, then tables and charts, then HTML."""
