// The standalone page: drawers for narrow screens, and light or dark.
(() => {
  const NARROW = matchMedia("(max-width: 1100px)");
  const SIDES = ["chats", "memory"];
  const root = document.documentElement;
  const isOpen = (side) => !root.classList.contains(`${side}-closed`);
  const tell = () => {
    for (const button of document.querySelectorAll("[data-side]")) {
      const open = String(isOpen(button.dataset.side));
      if (button.getAttribute("aria-expanded") !== open) button.setAttribute("aria-expanded", open);
    }
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

  // Gradio sets its own theme and leaves two buttons without a name: what was chosen stays, and the names are given.
  const mend = () => {
    const chosen = remembered();
    if (chosen && document.body.classList.contains("dark") !== (chosen === "dark")) paint(chosen === "dark");
    document.querySelector("#box .submit-button:not([aria-label])")?.setAttribute("aria-label", "Send");
    document.querySelector("#box .stop-button:not([aria-label])")?.setAttribute("aria-label", "Stop");
    for (const button of document.querySelectorAll('#chatbot .extra-feedback > button[aria-label="Feedback"]')) {
      button.ariaLabel = button.title = "Forget …";
    }
    tell();
  };
  arrange();
  NARROW.addEventListener("change", arrange);
  const begin = () => {
    mend();
    new MutationObserver(mend).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  };
  if (document.body) begin(); else document.addEventListener("DOMContentLoaded", begin);
})();
