// Draw the diagrams of a page that has some, with the library that the site brings along.
document.addEventListener("DOMContentLoaded", () => {
  if (!document.querySelector("pre.mermaid")) return;
  const library = document.createElement("script");
  library.src = `${document.documentElement.dataset.content_root}_static/mermaid.min.js`;
  library.addEventListener("load", () => {
    mermaid.initialize({ startOnLoad: false, securityLevel: "strict" });
    mermaid.run();
  });
  document.head.append(library);
});
