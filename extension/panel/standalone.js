// The standalone page: drawers for narrow screens, and light or dark.
(() => {
  const NARROW = matchMedia("(max-width: 1100px)");
  const SIDES = ["chats", "memory"];
  const root = document.documentElement;
  const isOpen = (side) => !root.classList.contains(`${side}-closed`);
  const tell = () => {
    for (const button of document.querySelectorAll("[data-side]")) button.setAttribute("aria-expanded", String(isOpen(button.dataset.side)));
  };
  const show = (side, open) => { root.classList.toggle(`${side}-closed`, !open); tell(); };
  const arrange = () => SIDES.forEach((side) => show(side, !NARROW.matches));
  const closeDrawers = () => NARROW.matches && SIDES.forEach((side) => show(side, false));
  const paint = (dark) => {
    document.body.classList.toggle("dark", dark);
  };
  const remembered = () => { try { return localStorage.getItem("familiar-light"); } catch { return null; } };
  const remember = (dark) => { try { localStorage.setItem("familiar-light", dark ? "dark" : "light"); } catch { /* until the page is left */ } };

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest?.(selector);
    const side = at("[data-side]")?.dataset.side;
    if (side) {
      const open = !isOpen(side);
      closeDrawers();
      show(side, open);
    } else if (at("[data-light]")) {
      const dark = !document.body.classList.contains("dark");
      paint(dark);
      remember(dark);
    } else if (at("#talk") || at("#new-chat") || at("#chat-list label")) {
      closeDrawers();
    }
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && closeDrawers());

  arrange();
  NARROW.addEventListener("change", arrange);
  document.addEventListener("DOMContentLoaded", () => {
    const built = new MutationObserver(() => {
      if (!document.getElementById("page")) return;
      built.disconnect();
      tell();
      if (remembered()) paint(remembered() === "dark");
    });
    built.observe(document.body, { childList: true, subtree: true });
  });
})();
