// What is easier with script; without it every page says the same.
"use strict";
// A picture as a file: SVG as it stands, PNG drawn from it.
const save = (blob, name) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};
// The colours come from the page's style: a file carries its own.
const alone = (svg) => {
  const copy = svg.cloneNode(true);
  const from = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, at) => {
    const style = getComputedStyle(from[at]);
    for (const name of ["fill", "stroke", "font-size", "font-family", "font-weight"]) node.setAttribute(name, style.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" });
};
const saved = (button, svg) => {
  const name = (document.title.replace(/[^\p{L}\p{N}]+/gu, "-") || "corridor").slice(0, 80);
  const blob = alone(svg);
  if (button.dataset.save === "svg") return save(blob, name + ".svg");
  const picture = new Image();
  picture.onload = () => {
    const canvas = document.createElement("canvas");
    const box = svg.viewBox.baseVal;
    canvas.width = 2 * (box.width || svg.clientWidth);
    canvas.height = 2 * (box.height || svg.clientHeight);
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((png) => save(png, name + ".png"), "image/png");
    URL.revokeObjectURL(picture.src);
  };
  picture.src = URL.createObjectURL(blob);
};
const dress = (root) => {
  // A choice is made as soon as it is chosen; the button stays for the keyboard.
  for (const form of root.querySelectorAll("form[data-at-once]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
  for (const button of root.querySelectorAll("button[data-save]")) {
    const figure = button.closest("figure");
    if (!figure?.querySelector("svg")) continue;
    button.hidden = false;
    // Of a picture that is there wide and narrow, the one that is seen.
    const seen = () => [...figure.querySelectorAll("svg.pic")].find((svg) => svg.checkVisibility()) ?? figure.querySelector("svg");
    button.addEventListener("click", () => saved(button, seen()));
  }
  for (const button of root.querySelectorAll("button[data-print]")) {
    button.closest("li").hidden = false;
    button.addEventListener("click", () => print());
  }
};
dress(document);
// A page that moves by itself: asked again at the pace that it names, in seconds. Where the node does not answer, the
// page stays and says that it is old; who is signed in no longer is told so.
const stops = (root) => [...root.querySelectorAll("a,button,[tabindex]")];
const tables = (root) => [...root.querySelectorAll(".wide")];
const again = async () => {
  const main = document.querySelector("main");
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (answer && [401, 403, 404].includes(answer.status)) return location.reload();
  const text = answer?.ok ? await answer.text().catch(() => null) : null;
  const fresh = text && new DOMParser().parseFromString(text, "text/html").querySelector("main[data-again]");
  if (fresh) {
    // Whoever reads goes on where they are.
    const [stop, sides] = [stops(main).indexOf(document.activeElement), tables(main).map((one) => one.scrollLeft)];
    main.replaceWith(document.adoptNode(fresh));
    dress(fresh);
    tables(fresh).forEach((one, at) => (one.scrollLeft = sides[at] ?? 0));
    if (stop >= 0) stops(fresh)[stop]?.focus({ preventScroll: true });
  } else {
    main.querySelector("[data-old]").hidden = false;
  }
  soon();
};
const soon = () => {
  const pace = Number(document.querySelector("main")?.dataset.again);
  if (pace > 0) setTimeout(again, pace * 1000);
};
soon();
