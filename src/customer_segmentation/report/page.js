"use strict";
(() => {
  const json = (selector) => JSON.parse(document.querySelector(selector).textContent);
  const template = json("#template");
  const views = [...document.querySelectorAll("template[data-segmentation]")];
  const main = document.querySelector("#view");
  const links = [...document.querySelectorAll("nav a")];
  const choosers = {
    dataset: document.querySelector("#dataset"),
    segmentation: document.querySelector("#segmentation"),
  };
  const read = {};
  let state, charts, sights, shown;

  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const fill = (select, options, value) =>
    select.replaceChildren(
      ...options.map(([key, title]) =>
        make("option", { value: key, textContent: title, selected: key === value }),
      ),
    );
  const payload = (key) =>
    (read[key] ??= json(`[data-charts="${CSS.escape(key)}"]`));

  // ---------------------------------------------------------------- the address

  const parsed = () => new URLSearchParams(location.hash.slice(1));
  const remember = () => history.replaceState(null, "", `#${state}`);
  const href = (section) => {
    const there = new URLSearchParams(state);
    there.set("section", section);
    return `#${there}`;
  };

  // ------------------------------------------------------------------ one chart

  class Chart {
    constructor(figure, { choosers, views }) {
      Object.assign(this, { figure, views, key: figure.dataset.chart });
      this.plot = figure.querySelector(".plot");
      this.title = figure.querySelector("h3").textContent;
      this.selects = choosers.map((name, place) => {
        const options = [...new Set(views.map(({ choice }) => choice[place]))];
        const select = make("select", { name: `${this.key}-${place}` });
        fill(select, options.map((option) => [option, option]));
        select.addEventListener("change", () => this.choose(place));
        figure.querySelector(".choosers").append(make("label", {}, name, select));
        return select;
      });
      const wanted = this.selects.map(
        ({ name, value }) => state.get(name) ?? value,
      );
      const place = choosers.findIndex((_, at) => state.has(`${this.key}-${at}`));
      this.view =
        this.find(wanted) ??
        views.find(({ choice }) => choice[place] === wanted[place]) ??
        views[0];
      this.tell();
      figure.querySelector("details").addEventListener("toggle", () => this.list());
    }

    find(wanted) {
      return this.views.find(({ choice }) =>
        choice.every((each, place) => each === wanted[place]),
      );
    }

    /* Not every pair of choices exists: what was chosen last is kept. */
    choose(last) {
      const wanted = this.selects.map(({ value }) => value);
      this.view =
        this.find(wanted) ??
        this.views.find(({ choice }) => choice[last] === wanted[last]);
      this.tell();
      for (const [place, { name, value }] of this.selects.entries())
        if (value === this.views[0].choice[place]) state.delete(name);
        else state.set(name, value);
      remember();
      if (this.isDrawn) this.draw();
      this.list();
    }

    tell() {
      this.selects.forEach((select, place) => (select.value = this.view.choice[place]));
      this.figure.querySelector(".says").textContent = this.view.sentence;
      this.plot.setAttribute("role", "img");
      this.plot.setAttribute("aria-label", `${this.title}. ${this.view.sentence}`);
      this.plot.style.minHeight = `${this.view.figure.layout.height ?? 340}px`;
    }

    async draw() {
      const { data, layout } = this.view.figure;
      this.isDrawn = true;
      // Plotly writes into what it is given.
      const copy = structuredClone({ data, layout: { ...layout, template } });
      await Plotly.react(this.plot, copy.data, copy.layout, {
        displayModeBar: false,
        responsive: true,
      });
      this.plot.dataset.drawn = this.view.choice.join(" / ");
      if (layout.scene && !this.figure.querySelector(".turn")) this.turnable();
    }

    /* For who has no pointer to drag with. */
    turnable() {
      const turn = (right, up) => {
        const { x, y, z } = this.plot._fullLayout.scene.camera.eye;
        const flat = Math.hypot(x, y);
        const around = Math.atan2(y, x) + right;
        const above = Math.min(Math.max(Math.atan2(z, flat) + up, -1.5), 1.5);
        const far = Math.hypot(x, y, z);
        Plotly.relayout(this.plot, {
          "scene.camera.eye": {
            x: far * Math.cos(above) * Math.cos(around),
            y: far * Math.cos(above) * Math.sin(around),
            z: far * Math.sin(above),
          },
        });
      };
      const buttons = [
        ["←", "Turn left", -0.3, 0],
        ["→", "Turn right", 0.3, 0],
        ["↑", "Tilt up", 0, 0.2],
        ["↓", "Tilt down", 0, -0.2],
      ].map(([textContent, title, right, up]) =>
        make("button", {
          type: "button", textContent, title, ariaLabel: title,
          onclick: () => turn(right, up),
        }),
      );
      this.plot.after(make("div", { className: "turn" }, ...buttons));
    }

    /* The numbers of the view, as a table. */
    list() {
      const details = this.figure.querySelector("details");
      if (!details.open) return;
      const { columns, rows } = this.view.table ?? this.series();
      const cells = (name, texts) =>
        make("tr", {}, ...texts.map((textContent) =>
          make(name, name === "th" ? { textContent, scope: "col" } : { textContent }),
        ));
      const table = make(
        "table", {},
        make("thead", {}, cells("th", columns)),
        make("tbody", {}, ...rows.map((row) => cells("td", row))),
      );
      details.querySelector("div").replaceChildren(table);
    }

    series() {
      const { data, layout } = this.view.figure;
      const plain = (text) => make("textarea", { innerHTML: text ?? "" }).value;
      const named = data.filter(({ x, y }) => x && y);
      const level = (trace) => (trace.orientation === "h" ? trace.y : trace.x);
      const value = (trace) => (trace.orientation === "h" ? trace.x : trace.y);
      const levels = [...new Set(named.flatMap((trace) => [...level(trace)]))];
      const by = named.map(
        (trace) => new Map([...level(trace)].map((at, i) => [at, value(trace)[i]])),
      );
      const written = (number) =>
        typeof number === "number"
          ? number.toLocaleString("en", { maximumSignificantDigits: 6 })
          : (number ?? "–");
      return {
        columns: [
          plain(named[0].orientation === "h" ? "" : layout.xaxis?.title?.text) ||
            this.title,
          ...named.map(({ name }) => plain(name)),
        ],
        rows: levels.map((at) => [
          plain(`${at}`),
          ...by.map((values) => written(values.get(at))),
        ]),
      };
    }
  }

  // ------------------------------------------------------------------- the page

  const show = () => {
    const wanted = state.get("segmentation");
    const dataset = state.get("dataset");
    const view =
      views.find((each) => each.dataset.segmentation === wanted) ??
      views.find((each) => each.dataset.dataset === dataset) ??
      views[0];
    const { segmentation: name } = view.dataset;
    state.set("dataset", view.dataset.dataset);
    state.set("segmentation", name);
    fill(
      choosers.dataset,
      [...new Map(views.map((v) => [v.dataset.dataset, v.dataset.datasetTitle]))],
      view.dataset.dataset,
    );
    fill(
      choosers.segmentation,
      views
        .filter((each) => each.dataset.dataset === view.dataset.dataset)
        .map((each) => [each.dataset.segmentation, each.dataset.title]),
      name,
    );
    document.title = `${view.dataset.title}: customer segments`;
    document.querySelector("#whose").textContent =
      `${view.dataset.datasetTitle}: ${view.dataset.title.toLowerCase()}`;
    if (shown !== name) {
      for (const chart of charts ?? []) if (chart.isDrawn) Plotly.purge(chart.plot);
      sights?.disconnect();
      main.replaceChildren(view.content.cloneNode(true));
      const figures = {
        ...payload(`segmentation-${name}`),
        ...payload(`dataset-${view.dataset.dataset}`),
      };
      charts = [...main.querySelectorAll("[data-chart]")].map(
        (figure) => new Chart(figure, figures[figure.dataset.chart]),
      );
      watch();
      shown = name;
    }
    links.forEach((link) => (link.href = href(link.dataset.section)));
    remember();
    const section = document.getElementById(state.get("section"));
    if (section) section.scrollIntoView();
  };

  /* Charts are drawn when they come near; the section in sight is marked. */
  const watch = () => {
    const near = new IntersectionObserver(
      async (entries) => {
        const reached = entries
          .filter(({ isIntersecting }) => isIntersecting)
          .map(({ target }) => charts.find(({ figure }) => figure === target));
        for (const chart of reached) {
          // Each is seen before the next is drawn, which may take long.
          await new Promise((seen) => requestAnimationFrame(() => setTimeout(seen)));
          near.unobserve(chart.figure);
          if (!chart.isDrawn && chart.figure.isConnected) await chart.draw();
        }
      },
      { rootMargin: "400px" },
    );
    charts.forEach(({ figure }) => near.observe(figure));
    const inSight = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries)
          if (isIntersecting)
            for (const link of links)
              if (link.dataset.section === target.id) link.ariaCurrent = "true";
              else link.removeAttribute("aria-current");
      },
      { rootMargin: "-30% 0px -65% 0px" },
    );
    main.querySelectorAll("section").forEach((section) => inSight.observe(section));
    sights = { disconnect: () => [near, inSight].forEach((each) => each.disconnect()) };
  };

  // A choice for one view means nothing in another.
  const go = (chosen) => {
    const section = state.get("section");
    state = new URLSearchParams(chosen);
    if (section) state.set("section", section);
    show();
  };
  choosers.dataset.addEventListener("change", ({ target }) =>
    go({ dataset: target.value }),
  );
  choosers.segmentation.addEventListener("change", ({ target }) =>
    go({ segmentation: target.value }),
  );
  for (const link of links)
    link.addEventListener("click", (event) => {
      event.preventDefault();
      state.set("section", link.dataset.section);
      remember();
      const section = document.getElementById(link.dataset.section);
      section.scrollIntoView();
      section.querySelector("h2").focus({ preventScroll: true });
    });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  addEventListener("hashchange", () => {
    state = parsed();
    shown = null;
    show();
  });
  addEventListener("beforeprint", () =>
    charts.filter(({ isDrawn }) => !isDrawn).forEach((chart) => chart.draw()),
  );

  state = parsed();
  show();
})();
