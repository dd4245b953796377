// What is easier with script; without it every page says the same.
"use strict";
// A choice is made as soon as it is chosen; the button stays for the keyboard.
for (const form of document.querySelectorAll("form[data-at-once]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
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
for (const button of document.querySelectorAll("button[data-save]")) {
  const svg = button.closest("figure")?.querySelector("svg");
  if (!svg) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
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
  });
}
// A page that moves by itself: asked again at the pace that it names, in seconds.
const pace = Number(document.querySelector("main")?.dataset.again);
if (pace > 0) setTimeout(() => location.reload(), pace * 1000);
