"""The first version of the consent to the processing of personal data (152-ФЗ, ст. 9)."""

from django.db import migrations
from django.utils import timezone

BODY = """Я даю согласие организации «{organisation}» на обработку моих персональных данных: фамилии, имени, отчества, адреса электронной почты, телефона, места работы и должности, документа о полномочиях.

Цель обработки — работа в портале: вход, подтверждение полномочий, подготовка и проверка данных муниципалитета, уведомления об этой работе.

С данными выполняются сбор, запись, хранение, уточнение, использование, передача сотрудникам совета муниципальных образований моего субъекта Российской Федерации для проверки полномочий, обезличивание и удаление. Данные хранятся в Российской Федерации.

Согласие действует до его отзыва. Отозвать его можно в профиле; после отзыва вход в кабинет закрывается, а сведения о том, кто и когда отправил официальные данные муниципалитета, остаются в журнале портала."""


def load(apps, schema_editor):
    apps.get_model("accounts", "ConsentText").objects.get_or_create(
        purpose="personal_data",
        version=1,
        defaults={
            "title": "Согласие на обработку персональных данных",
            "body": BODY,
            "published_at": timezone.now(),
        },
    )


def unload(apps, schema_editor):
    apps.get_model("accounts", "ConsentText").objects.filter(
        purpose="personal_data", version=1
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_users_and_consents")]
    operations = [migrations.RunPython(load, unload)]
