"""What a release is given, by the model of the resource, which takes long to import."""

from pydantic import ValidationError

from formation_cli.objects import Object
from formation_operator.api.formation import FormationSpec
from formation_operator.api.release_key import release_key


def key(spec: Object) -> str:
    """Return what names that which a release of a spec is given; nothing where the spec can't be read."""
    try:
        return release_key(FormationSpec.model_validate(spec))
    except ValidationError:
        return ""
