// What a reply cites of a document was clicked: the panel shows it.
document.addEventListener("click", (event) => {
  const cited = event.target.closest?.('a[href*="#familiar-cited-"]');
  const field = cited && document.querySelector("#familiar-cite :is(textarea, input)");
  if (!field) return;
  event.preventDefault();
  field.value = `${cited.getAttribute("href").split("#familiar-cited-")[1]} ${Date.now()}`;
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
// A mark of the map or a bar of the timeline was clicked: tell the panel which, through a field that nobody sees.
document.addEventListener("click", (event) => {
  const picked = event.target.closest?.("#familiar [data-pick], #familiar [data-week]")?.dataset;
  const field = picked && document.querySelector(`#familiar-${picked.pick ? "pick" : "week"} :is(textarea, input)`);
  if (!field) return;
  field.value = `${picked.pick ?? picked.week} ${Date.now()}`; // the same one again is a change, too
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
