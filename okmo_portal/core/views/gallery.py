"""Every component on one page, for designers and for the accessibility test."""

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone

from okmo_portal.core.charts import Series, bar_chart, line_chart, share_bars
from okmo_portal.core.registry import CabinetTask
from okmo_portal.core.tilemap import Tile, tile_map


class SampleForm(forms.Form):
    name = forms.CharField(label="Название", help_text="Как в уставе.")
    amount = forms.IntegerField(label="Число жителей", max_value=100)
    kind = forms.ChoiceField(
        label="Вид", choices=[("a", "Округ"), ("b", "Район")], widget=forms.RadioSelect
    )
    file = forms.FileField(label="Документ", required=False, help_text="PDF, не больше 20 МБ.")
    agree = forms.BooleanField(label="Данные проверены")
    note = forms.CharField(label="Примечание", widget=forms.Textarea, required=False)


def gallery(request):
    if not (settings.SHOW_GALLERY or request.user.is_staff):
        raise Http404
    labels = ["Первый округ с длинным названием", "Второй", "Третий"]
    two = [Series("2024", [120, 85.5, None]), Series("2025", [130, 80, 40])]
    tiles = [Tile(f"{n:02d}", f"Р{n}", f"Регион {n}", n // 5, n % 5, n or None) for n in range(15)]
    context = {
        "form": SampleForm({"amount": "500"}),
        "page": Paginator(range(300), 10).get_page(7),
        "bars": bar_chart(labels, two[:1], title="Столбцы", unit="ед."),
        "groups": bar_chart(labels, two, title="Две группы"),
        "lines": line_chart(["2023", "2024", "2025"], [Series("А", [1, 3, 2])], title="Линия"),
        "shares": share_bars(
            ["Округ", "Район"],
            [Series("Свои", [0.4, 0.6]), Series("Иные", [0.6, 0.4])],
            title="Доли",
        ),
        "tiles": tile_map(tiles, title="Карта", value_name="значение", unit="ед."),
        "task": CabinetTask("Заполнить форму", "#", "Заполнить", due=timezone.localdate()),
        "headers": ["Округ", "Число"],
        "rows": [["Первый", "10"], ["Второй", "20"]],
    }
    return render(request, "core/gallery.html", context)
