from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "nappage_web.clinic"

    def ready(self) -> None:
        from .signin.signals import connect

        connect()
