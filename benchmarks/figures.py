from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value; ``ok`` says whether it meets ``bar``, a text such as "<= 5"."""

    name: str
    value: float
    unit: str
    bar: str

    @property
    def ok(self) -> bool:
        sign, limit = self.bar.split()
        return self.value <= float(limit) if sign == "<=" else self.value >= float(limit)

    def line(self) -> str:
        verdict = "ok" if self.ok else "short"
        return f"{self.name}\t{self.value:.3g}\t{self.unit}\t{self.bar}\t{verdict}"
