// A mark of the map or a bar of the timeline was clicked: tell the panel which, through a field that nobody sees.
document.addEventListener("click", (event) => {
  const picked = event.target.closest?.("#familiar [data-pick], #familiar [data-week]")?.dataset;
  const field = picked && document.querySelector(`#familiar-${picked.pick ? "pick" : "week"} :is(textarea, input)`);
  if (!field) return;
  field.value = `${picked.pick ?? picked.week} ${Date.now()}`; // the same one again is a change, too
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
