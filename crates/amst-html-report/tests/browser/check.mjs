// Opens a report in headless Chromium and fails where a reader would stumble.
//
//     node check.mjs REPORT.html            compare with screenshots/
//     AMST_UPDATE_SCREENSHOTS=1 node check.mjs REPORT.html
//
// At 390 and 1280 pixels, light and dark: nothing in the console, no request but the page's own, no
// scrolling sideways, no violation of axe-core's rules (contrast, landmarks, table headers, texts for
// pictures), links that lead somewhere, and the first screen as recorded.

import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import puppeteer from "puppeteer-core";

// Share of the pixels that may differ: other fonts move every letter, and letters are about a tenth.
const TOLERANCE = 0.12;

const page = path.resolve(process.argv[2]);
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const faults = [];

const browser = await puppeteer.launch({
  executablePath: inPath("chromium"),
  args: ["--no-sandbox", "--disable-gpu", "--force-device-scale-factor=1"],
});
for (const [width, height] of [[390, 844], [1280, 800]]) {
  for (const scheme of ["light", "dark"]) {
    const name = `${width}-${scheme}`;
    const tab = await browser.newPage();
    await tab.setViewport({ width, height });
    await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    tab.on("console", (message) => faults.push(`${name}: console: ${message.text()}`));
    tab.on("pageerror", (error) => faults.push(`${name}: ${error}`));
    tab.on("request", (request) => {
      const url = request.url();
      // The page holds its own icon and font.
      if (url !== pathToFileURL(page).href && !/^data:(,$|font\/)/.test(url)) {
        faults.push(`${name}: asks for ${url}`);
      }
    });
    await tab.goto(pathToFileURL(page).href);
    compare(name, await tab.screenshot());

    // Whatever is folded away is read too.
    await tab.$$eval("details", (all) => all.forEach((one) => (one.open = true)));
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) {
      faults.push(`${name}: the page is ${wide} pixels wide`);
    }
    const lost = await tab.$$eval("a[href^='#']", (links) =>
      links.map((link) => link.getAttribute("href")).filter((to) => !document.querySelector(to)));
    faults.push(...lost.map((to) => `${name}: ${to} leads nowhere`));
    await tab.evaluate(axe);
    const found = await tab.evaluate(() => axe.run(document));
    for (const violation of found.violations) {
      const where = violation.nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ");
      const why = violation.nodes[0].failureSummary?.replace(/\s+/g, " ");
      faults.push(`${name}: ${violation.id}: ${violation.help} (${violation.nodes.length}): ${where}: ${why}`);
    }
    if (found.passes.length < 15) {
      faults.push(`${name}: axe-core passed only ${found.passes.length} rules`);
    }
    await tab.close();
  }
}
await browser.close();
for (const fault of faults) {
  console.error(fault);
}
process.exit(faults.length > 0 ? 1 : 0);

function inPath(program) {
  const folders = process.env.PATH.split(path.delimiter);
  return folders.map((folder) => path.join(folder, program)).find((file) => fs.existsSync(file));
}

function compare(name, bytes) {
  const file = path.join(import.meta.dirname, "screenshots", `${name}.png`);
  if (process.env.AMST_UPDATE_SCREENSHOTS) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, bytes);
    return;
  }
  const [seen, recorded] = [PNG.sync.read(Buffer.from(bytes)), PNG.sync.read(fs.readFileSync(file))];
  const { width, height } = recorded;
  if (seen.width !== width || seen.height !== height) {
    faults.push(`${name}: ${seen.width}x${seen.height} pixels, not ${width}x${height}`);
    return;
  }
  const differ = pixelmatch(seen.data, recorded.data, null, width, height, { threshold: 0.2 });
  const share = differ / (width * height);
  if (share > TOLERANCE) {
    const other = path.join(path.dirname(page), `${name}.png`);
    fs.writeFileSync(other, bytes);
    faults.push(`${name}: ${(100 * share).toFixed(1)} % of the pixels differ; seen: ${other}`);
  }
}
