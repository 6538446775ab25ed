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
  // The webui takes arrow keys in an empty field for "regenerate"; in the panel they move the cursor.
  document.getElementById("familiar")?.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) event.stopPropagation();
  });
}
