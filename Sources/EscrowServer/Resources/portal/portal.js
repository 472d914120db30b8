"use strict";

// What pages do beyond what they do without a script. A behaviour belongs to the elements of a selector: those that are
// there, and those that a live update brings.
const behaviours = [];

function attach(selector, behave, root) {
  for (const element of root.querySelectorAll(selector)) behave(element);
}

function on(selector, behave) {
  behaviours.push([selector, behave]);
  attach(selector, behave, document);
}

// A recovery password on the screen: read aloud group by group, copied, and gone after a while.
on("[data-secret]", (area) => {
  const list = area.querySelector("ol.secret");
  const groups = [...list.children];
  const find = (name) => area.querySelector(`[data-${name}]`);
  const status = find("status");
  function say(text) {
    status.classList.remove("unseen");
    status.textContent = text;
  }
  const words = area.dataset.words.split(" ");
  let at = -1;
  let isGone = false;

  function show(group) {
    at = Math.max(0, group);
    if (at >= groups.length) {
      end();
      return say(area.dataset.said ?? "");
    }
    groups.forEach((each, index) => {
      each.classList.toggle("said", index < at);
      each.classList.toggle("current", index === at);
    });
    const digits = groups[at].textContent;
    find("say-group").textContent = area.dataset.group.replace("{n}", at + 1);
    find("say-digits").textContent = digits;
    find("say-words").textContent = [...digits].map((digit) => words[digit]).join(" ");
    find("say-progress")?.setAttribute("value", at);
  }

  function end() {
    at = -1;
    groups.forEach((each) => each.classList.remove("current"));
    find("saying").hidden = true;
    find("scripted").hidden = isGone;
    list.hidden = isGone;
    if (!isGone) find("say").focus();
  }

  function forget() {
    if (isGone) return;
    isGone = true;
    list.replaceChildren();
    groups.length = 0;
    for (const name of ["say-digits", "say-words", "say-group"]) find(name).textContent = "";
    end();
    find("time").textContent = "";
    find("again")?.removeAttribute("hidden");
    say(area.dataset.hidden);
    clearInterval(timer);
  }

  find("scripted").hidden = false;
  find("say").addEventListener("click", () => {
    list.hidden = true;
    find("scripted").hidden = true;
    find("saying").hidden = false;
    show(0);
    find("say-next").focus();
  });
  find("say-next").addEventListener("click", () => show(at + 1));
  find("say-back").addEventListener("click", () => show(at - 1));
  find("say-end").addEventListener("click", end);
  find("hide").addEventListener("click", forget);
  find("copy").addEventListener("click", async () => {
    const text = groups.map((each) => each.textContent).join("-");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without leave to write to the clipboard, the digits are marked for the keyboard.
      getSelection().selectAllChildren(list);
      return say(area.dataset.marked ?? "");
    }
    say(area.dataset.copied);
  });
  area.addEventListener("keydown", (event) => {
    if (at < 0) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) show(at + step);
    else if (event.key === "Escape") end();
  });
  const moment = () => Date.now() + area.dataset.seconds * 1000;
  let until = moment();
  find("more")?.addEventListener("click", () => {
    until = moment();
    tick();
  });
  function tick() {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left <= 0) return forget();
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    find("time").textContent = area.dataset.left.replace("{time}", time);
  }
  const timer = setInterval(tick, 1000);
  tick();
  // The page that a browser keeps to go back to has it no more.
  addEventListener("pagehide", forget);
});

// A form that was sent is not sent twice.
on("form[method=post]", (form) => {
  form.addEventListener("submit", () => {
    form.setAttribute("aria-busy", "true");
    setTimeout(() => form.querySelectorAll("button").forEach((button) => (button.disabled = true)));
  });
  // A page that comes back from the browser's store can be sent again.
  addEventListener("pageshow", () => {
    form.removeAttribute("aria-busy");
    form.querySelectorAll("button").forEach((button) => (button.disabled = false));
  });
});

// A request that waits for somebody else's answer: the page is fetched anew while it is looked at, and shown when it has changed.
on("[data-await]", (element) => {
  let left = 240;
  const timer = setInterval(async () => {
    if (document.hidden) return;
    left -= 1;
    if (left < 0) return clearInterval(timer);
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const same = [...fresh.querySelectorAll("[data-await]")].some((other) => other.dataset.await === element.dataset.await);
      if (same) return;
      clearInterval(timer);
      location.reload();
    } catch {
      // The connection is lost; the next try may find it again.
    }
  }, 5000);
});

// A form that is answered with a file leaves the page as it was: say that the file is on its way.
on("form[data-saves]", (form) => {
  form.addEventListener("submit", () => {
    const note = document.querySelector("[data-saved]");
    if (note) note.hidden = false;
  });
});

// Live pages: a stream says that something has changed, the page is fetched anew, and what differs in it is swapped.
on("main", (main) => {
  const region = document.getElementById("live");
  if (!region || !main.querySelector("[data-live][id]")) return;
  const slowest = 60_000;
  let stream = null;
  let timer = 0;
  let fetchedAt = 0;
  let failures = 0;
  let isWanted = false;
  let isFetching = false;

  function tell(text, isSeen) {
    region.className = isSeen ? "notice warn" : "unseen";
    region.textContent = text;
  }

  function listen() {
    if (stream || document.hidden) return;
    stream = new EventSource("/live");
    stream.addEventListener("open", refresh);
    stream.addEventListener("change", refresh);
    stream.addEventListener("error", () => {
      // A stream that was refused does not try again by itself.
      if (stream?.readyState === EventSource.CLOSED) {
        leave();
        setTimeout(listen, Math.min(slowest, 5000 * 2 ** failures));
      }
      failed();
    });
  }

  function leave() {
    stream?.close();
    stream = null;
  }

  function failed() {
    failures = Math.min(failures + 1, 6);
    // The server may only be starting again: said when it fails twice.
    if (failures === 2) tell(region.dataset.lost, true);
  }

  function refresh() {
    isWanted = true;
    if (isFetching || timer) return;
    const wait = Math.max(0, fetchedAt + Math.min(slowest, 1000 * 2 ** failures) - Date.now());
    timer = setTimeout(async () => {
      timer = 0;
      if (document.hidden) return;
      isWanted = false;
      isFetching = true;
      await look();
      isFetching = false;
      fetchedAt = Date.now();
      if (isWanted) refresh();
    }, wait);
  }

  async function look() {
    try {
      const address = new URL(location.href);
      address.searchParams.delete("done");
      address.hash = "";
      const answer = await fetch(address, { headers: { Accept: "text/html", "Sparekey-Live": "1" } });
      // Signed out, or gone: what is here may not be believed any more.
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (failures > 1) tell(region.dataset.found, false);
      failures = 0;
      if (swap(fresh)) tell(region.dataset.changed, false);
    } catch {
      failed();
      isWanted = true;
    }
  }

  // What an element says, without ages and form tokens, which differ each time. Nor is it a difference what is unfolded.
  function essence(element) {
    const copy = element.cloneNode(true);
    copy.classList.remove("changed");
    if (!copy.classList.length) copy.removeAttribute("class");
    copy.querySelectorAll("time").forEach((time) => (time.textContent = ""));
    copy.querySelectorAll("input[type=hidden]").forEach((input) => input.remove());
    copy.querySelectorAll("details").forEach((details) => details.removeAttribute("open"));
    copy.querySelectorAll("button").forEach((button) => button.removeAttribute("disabled"));
    return copy.outerHTML;
  }

  function isInUse(element) {
    if (element.querySelector("form[aria-busy]")) return true;
    return [...element.querySelectorAll("input:not([type=hidden]), textarea, select")].some((field) =>
      field.options
        ? [...field.options].some((option) => option.selected !== option.defaultSelected && field.value !== field.options[0].value)
        : field.value !== field.defaultValue || field.checked !== field.defaultChecked,
    );
  }

  // What tells one thing that can have the focus from another.
  function mark(element) {
    const within = element.closest("details")?.id;
    return [element.tagName, element.id, element.getAttribute("href"), element.name, within, element.textContent].join("|");
  }

  function swap(fresh) {
    let hasChanged = false;
    for (const old of document.querySelectorAll("[data-live][id]")) {
      const found = fresh.getElementById(old.id);
      if (!found || isInUse(old)) continue;
      const differs = essence(old) !== essence(found);
      if (!differs) {
        // Only ages are another.
        const times = found.querySelectorAll("time");
        old.querySelectorAll("time").forEach((time, index) => (time.textContent = times[index].textContent));
        continue;
      }
      const kept = document.importNode(found, true);
      const details = kept.querySelectorAll("details");
      old.querySelectorAll("details").forEach((each, index) => {
        const same = each.id ? [...details].find((other) => other.id === each.id) : details[index];
        if (same) same.open = each.open;
      });
      const focusable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
      const active = old.contains(document.activeElement) ? document.activeElement : null;
      kept.classList.add("changed");
      old.replaceWith(kept);
      for (const [selector, behave] of behaviours) attach(selector, behave, kept);
      if (active) {
        const same = [...kept.querySelectorAll(focusable)].find((each) => mark(each) === mark(active));
        (same ?? main).focus({ preventScroll: true });
      }
      hasChanged = true;
    }
    return hasChanged;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : listen()));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", listen);
  listen();
});
