from django.urls import path

from .views import webhook

app_name = "cryptoassets"
urlpatterns = [path("", webhook, name="webhook")]
