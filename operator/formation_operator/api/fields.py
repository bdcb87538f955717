"""What a field of the resource may hold: numbers and texts within limits, and Kubernetes' own types.

Types that Kubernetes defines itself are kept as the plain JSON that the user wrote, marked with the
definition whose schema checks them at ``kubectl apply``.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel


def embedded(definition: str, **narrowed: Any) -> WithJsonSchema:
    """Mark a value whose schema is a definition of Kubernetes' own OpenAPI, narrowed where we need to."""
    return WithJsonSchema({"embedded": definition, **narrowed})


CORE = "io.k8s.api.core.v1"
AUTOSCALING = "io.k8s.api.autoscaling.v2"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
INT32 = 2**31 - 1

# What CEL looks into needs an upper limit: the API server refuses rules of unbounded cost.
MOST_VARIABLES = 256
LONGEST_WORD = 131_071
"""Bytes of a word of a command. Linux takes 32 pages of memory, of 4 KiB mostly, with a zero byte at the end.

Source: MAX_ARG_STRLEN in https://man7.org/linux/man-pages/man2/execve.2.html
"""
LONGEST_IMAGE = 1024
"""Characters of an image: a host of 255, a repository of 255, a tag of 128 and a digest leave room.

Source: https://github.com/distribution/reference/blob/main/reference.go
"""

Count = Annotated[int, Field(ge=0, le=INT32)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=0, le=INT32)]
# The schema counts characters. Parsing takes what was stored before there was a limit.
Word = Annotated[str, Field(json_schema_extra={"maxLength": LONGEST_WORD})]
# A rule compares images. Parsing takes what was stored before there was a limit.
Image = Annotated[str, Field(min_length=1, pattern=r"^\S+$", json_schema_extra={"maxLength": LONGEST_IMAGE})]
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
LabelValue = Annotated[str, Field(max_length=63, pattern=LABEL_VALUE)]
SecurityDefaults = Literal["restricted", "none"]
AMOUNT = {"minimum": 0, "maximum": INT32}
Surge = Annotated[int | str, embedded(INT_OR_STRING, **AMOUNT, maxLength=5, pattern="^(0|[1-9][0-9]*)%$")]
Unavailable = Annotated[
    int | str, embedded(INT_OR_STRING, **AMOUNT, maxLength=4, pattern="^(100|[1-9]?[0-9])%$")
]
EnvVar = Annotated[dict[str, Any], embedded(f"{CORE}.EnvVar")]
EnvFromSource = Annotated[dict[str, Any], embedded(f"{CORE}.EnvFromSource")]
# Of what doesn't fit the first item is enough: all of them can be many thousands.
Words = Annotated[list[Word], Field(fail_fast=True)]
Env = Annotated[list[EnvVar], Field(fail_fast=True, max_length=MOST_VARIABLES)]
EnvFrom = Annotated[list[EnvFromSource], Field(fail_fast=True, max_length=MOST_VARIABLES)]
ResourceRequirements = Annotated[dict[str, Any], embedded(f"{CORE}.ResourceRequirements")]
Probe = Annotated[dict[str, Any], embedded(f"{CORE}.Probe")]
PodTemplate = Annotated[dict[str, Any], embedded(f"{CORE}.PodTemplateSpec")]
Metric = Annotated[dict[str, Any], embedded(f"{AUTOSCALING}.MetricSpec")]
Behavior = Annotated[dict[str, Any], embedded(f"{AUTOSCALING}.HorizontalPodAutoscalerBehavior")]


class Model(BaseModel):
    """Immutable, camelCase on the wire, and strict about fields that it doesn't know.

    The docstring of a field is its description.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )
