"""The one page."""

from django.http import HttpResponse
from django.urls import path


def visited(request):
    """Count a visit in the database."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(f"visits: {request.session['visits']}\n", content_type="text/plain")


urlpatterns = [path("", visited)]
