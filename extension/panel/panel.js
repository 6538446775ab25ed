// In the webui: let the panel look again after each reply and when another chat is opened.
{
  const press = () => document.getElementById("familiar-refresh")?.click();
  let soon;
  const look = (wait) => { clearTimeout(soon); soon = setTimeout(press, wait); };
  const chat = document.getElementById("chat")?.parentNode?.parentNode?.parentNode;
  let busy = false;
  if (chat) {
    new MutationObserver(() => {
      const now = chat.classList.contains("_generating");
      if (busy && !now) look(400);
      busy = now;
    }).observe(chat, { attributes: true, attributeFilter: ["class"] });
  }
  document.getElementById("past-chats")?.addEventListener("change", () => look(600));
  // What the last reply cites of documents becomes links, which pick.js follows.
  const link = () => {
    const count = document.querySelectorAll("#familiar-why [data-excerpt]").length;
    const reply = [...document.querySelectorAll("#chat .message-body")].at(-1);
    if (!count || !reply || chat?.classList.contains("_generating")) return;
    const walker = document.createTreeWalker(reply, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement.closest("a, code, pre") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const parts = text.data.split(/\[(\d{1,3})\]/);
      if (parts.length < 2 || !parts.some((part, at) => at % 2 && part >= 1 && part <= count)) continue;
      text.replaceWith(...parts.map((part, at) => {
        if (at % 2 === 0) return part;
        if (part < 1 || part > count) return `[${part}]`;
        const anchor = document.createElement("a");
        anchor.href = `#familiar-cited-last-${Number(part)}`;
        anchor.textContent = `[${part}]`;
        return anchor;
      }));
    }
  };
  const why = document.getElementById("familiar-why");
  if (why) new MutationObserver(link).observe(why, { childList: true, subtree: true });
  // The webui takes arrow keys in an empty field for "regenerate"; in the panel they move the cursor.
  document.getElementById("familiar")?.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) event.stopPropagation();
  });
}
