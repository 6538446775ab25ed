// Counts what runs on Gradio's server for this page. An event is started with a request to /queue/join, which answers with its
// id; messages about it come over /queue/data, the last of them "process_completed". Small things go through /run/predict.
// Gradio may leave /queue/data open when nothing runs any more, so requests alone do not tell.
(() => {
  const fetched = window.fetch, pending = new Set(), completed = new Set();
  let started = 0, requests = 0;
  window.eventsStarted = () => started;
  window.eventsRunning = () => requests + pending.size;

  const begin = ({ event_id }) => completed.has(event_id) || pending.add(event_id);
  const end = (id) => { completed.add(id); pending.delete(id); };

  async function listen(body) {
    const heard = new Set(), reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    try {
      for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
        text += value;
        for (let cut = text.indexOf('\n\n'); cut >= 0; cut = text.indexOf('\n\n')) {
          const message = JSON.parse(text.slice(text.indexOf('{'), cut));
          text = text.slice(cut + 2);
          if (message.event_id) heard.add(message.event_id);
          if (message.msg === 'process_completed') end(message.event_id);
        }
      }
    } catch (error) { /* the page closed it, which it does when all is done */ }
    heard.forEach(end);
  }

  window.fetch = async (request, options) => {
    const url = String(request.url ?? request);
    if (!/\/(queue\/join|queue\/data|run\/)/.test(url)) return fetched(request, options);
    if (url.includes('/queue/data')) {
      const response = await fetched(request, options);
      listen(response.clone().body);
      return response;
    }
    started += 1;
    requests += 1;
    try {
      const response = await fetched(request, options);
      if (url.includes('/queue/join')) begin(await response.clone().json());
      return response;
    } finally {
      requests -= 1;
    }
  };

  // Resolves to '' when an event beyond the `seen` first ones was started and all have ended, else to what is wrong.
  window.eventsSettled = async ({ seen, patience }) => {
    const until = performance.now() + patience;
    const moment = (length) => new Promise((resolve) => setTimeout(resolve, length));
    while (started <= seen) {
      if (performance.now() > until) return 'Nothing was started.';
      await moment(20);
    }
    for (let idle = 0; idle < 10; idle = window.eventsRunning() ? 0 : idle + 1) {
      if (performance.now() > until) return `The page is still busy with ${requests} requests and ${pending.size} events.`;
      await moment(50);
    }
    return '';
  };
})();
