// Opens saved pages in a real browser, in each colour scheme and width, and tells what is wrong.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [playwright, axePath, folder] = process.argv.slice(2);
const { chromium } = (await import(pathToFileURL(playwright))).default;
const axe = readFileSync(axePath, "utf8");
const pages = JSON.parse(readFileSync(join(folder, "pages.json"), "utf8"));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const faults = [];
for (const path of Object.keys(pages).filter((one) => pages[one].type.startsWith("text/html")))
  for (const colorScheme of ["light", "dark"])
    for (const width of [1280, 768, 360]) {
      const about = `${path} ${colorScheme} ${width}`;
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
      const page = await context.newPage();
      page.on("console", (message) => message.type() === "error" && faults.push(`${about}: ${message.text()}`));
      await page.route("**/*", (route) => {
        const { origin, pathname, search } = new URL(route.request().url());
        const found = origin === "http://test" && (pages[pathname + search] ?? pages[pathname]);
        if (!found) faults.push(`${about}: asks for ${route.request().url()}`);
        return found ? route.fulfill({ path: join(folder, found.file), headers: found.headers, contentType: found.type }) : route.abort();
      });
      await page.goto("http://test" + path);
      if ((await page.screenshot({ fullPage: true })).length < 10_000) faults.push(`${about}: nothing is drawn`);
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${about}: too wide`);
      const cut = await page.evaluate(() => [...document.querySelectorAll(".headline dd, .chart text")].filter((one) => {
        const { left, right, height } = one.getBoundingClientRect();
        const isBroken = one.matches("dd:not(.basis)") && height > 2.6 * parseFloat(getComputedStyle(one).fontSize) * (one.children.length + 1) / 2;
        return isBroken || one.scrollWidth > one.clientWidth + 1 && one.matches("dd") || left < -1 || right > innerWidth + 1;
      }).map((one) => one.textContent));
      if (cut.length) faults.push(`${about}: cut or broken: ${cut}`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => axe.run());
      for (const one of violations) faults.push(`${about}: ${one.id} (${one.impact})`);
      await context.close();
    }
await browser.close();
console.log(JSON.stringify(faults));
