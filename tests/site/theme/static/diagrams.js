// Draw the diagrams with the library that the site brings along.
mermaid.initialize({ startOnLoad: true, securityLevel: "strict" });
