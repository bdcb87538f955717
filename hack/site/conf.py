"""How Sphinx makes the site: `hack.site` stages the pages and runs it."""

import os
import pathlib

HERE = pathlib.Path(__file__).parent

project = "Formation operator"
author = "the authors"
copyright = "the authors, Apache-2.0"  # noqa: A001 (Sphinx's own name)
release = os.environ["SITE_VERSION"]
extensions = ["myst_parser"]
root_doc = "index"
html_theme = "furo"
html_title = f"Formation operator {release}"
html_static_path = [str(HERE / "theme" / "static"), os.environ["SITE_SCRIPTS"]]
html_css_files = ["site.css"]
html_js_files = ["versions.js", "diagrams.js"]
templates_path = [str(HERE / "theme" / "templates")]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/versions.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_show_sphinx = False
html_copy_source = False
# The pages are Markdown as GitHub has it: nothing else has a meaning of its own.
myst_heading_anchors = 6
myst_disable_syntax = ["myst_role", "myst_target", "myst_line_comment", "myst_block_break"]
highlight_language = "none"
