// The standalone page: drawers for narrow screens, and light or dark.
(() => {
  const narrow = () => matchMedia("(max-width: 1100px)").matches;
  const page = () => document.getElementById("page");
  const show = (side, open) => {
    page().classList.toggle(`${side}-closed`, !open);
    for (const button of document.querySelectorAll(`[data-side=${side}]`)) button.setAttribute("aria-expanded", String(open));
  };
  const isOpen = (side) => !page().classList.contains(`${side}-closed`);
  const arrange = () => ["chats", "memory"].forEach((side) => show(side, !narrow()));
  const theme = (dark) => {
    document.body.classList.toggle("dark", dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  };
  const chosen = () => { try { return localStorage.getItem("familiar-theme"); } catch { return null; } };

  document.addEventListener("click", (event) => {
    const side = event.target.closest?.("[data-side]")?.dataset.side;
    if (side) {
      const open = !isOpen(side);
      if (open && narrow()) ["chats", "memory"].forEach((other) => show(other, false));
      show(side, open);
    } else if (event.target.closest?.("[data-light]")) {
      const dark = !document.body.classList.contains("dark");
      theme(dark);
      try { localStorage.setItem("familiar-theme", dark ? "dark" : "light"); } catch { /* it holds until the page is left */ }
    } else if (narrow() && page() && event.target.closest?.("#talk, #new-chat, #chat-list label")) {
      if (event.target.closest("#talk") || event.target.closest("#chats")) ["chats", "memory"].forEach((other) => show(other, false));
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && narrow() && page()) ["chats", "memory"].forEach((side) => show(side, false));
  });

  const waiting = new MutationObserver(() => {
    if (!page()) return;
    waiting.disconnect();
    arrange();
    matchMedia("(max-width: 1100px)").addEventListener("change", arrange);
    if (chosen()) theme(chosen() === "dark");
  });
  document.addEventListener("DOMContentLoaded", () => waiting.observe(document.body, { childList: true, subtree: true }));
})();
