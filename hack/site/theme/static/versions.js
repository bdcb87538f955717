// Offer the other versions that are beside this one. The list is a file of the same site; without it, nothing is shown.
document.addEventListener("DOMContentLoaded", async () => {
  const select = document.querySelector(".versions");
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  const here = root.pathname.split("/").filter(Boolean).pop();
  const page = location.href.slice(root.href.length);
  const answer = await fetch(new URL("../versions.json", root)).catch(() => null);
  if (!select || !answer || !answer.ok) return;
  for (const version of await answer.json()) {
    select.add(new Option(version, version, false, version === here));
  }
  select.hidden = select.options.length === 0;
  select.addEventListener("change", async () => {
    const chosen = new URL(`../${select.value}/`, root);
    const same = new URL(page, chosen);
    const there = await fetch(same, { method: "HEAD" }).catch(() => null);
    location.href = there && there.ok ? same : chosen;
  });
});
