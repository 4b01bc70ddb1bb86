"""What a value of a column is: for annotations, with the type that formats know."""

from typing import Annotated, Any

from gorgias_crawler.items.columns import Type

Id = Annotated[int, Type.INTEGER]
Integer = Annotated[int | None, Type.INTEGER]
Number = Annotated[float | None, Type.NUMBER]
Boolean = Annotated[bool | None, Type.BOOLEAN]
Text = Annotated[str | None, Type.TEXT]
Instant = Annotated[str | None, Type.INSTANT]
Texts = Annotated[list[str] | None, Type.TEXTS]
Integers = Annotated[list[int] | None, Type.INTEGERS]
Json = Annotated[Any, Type.JSON]
