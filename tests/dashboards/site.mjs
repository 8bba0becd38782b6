// Starts the stand-in for Splunk Web and a browser, and reads what a page shows.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const HERE = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
export const SCREENSHOTS = path.join(HERE, '..', '..', 'target', 'dashboards');
export const SAMPLE = 'form.source=sample';
const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
// As high as the longest page: resizing it for the screenshot would redraw the charts.
const SIZE = { width: 1472, height: 2400 };
// Splunk's framework polls a search's progress every second at most.
const QUIET_TIME = 1500;
const LONG = 15_000;
const QUIET = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
];

/** Start the server and the browser. */
export async function start() {
    const server = spawn('python3', [path.join(HERE, 'splunkweb.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    const port = await new Promise((resolve, reject) => {
        server.stdout.once('data', (data) => resolve(parseInt(data, 10)));
        server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    });
    const browser = await chromium.launch({ executablePath: BROWSER, args: QUIET });
    return new Site(`http://127.0.0.1:${port}`, server, browser);
}

/** The running server and browser. */
class Site {
    constructor(address, server, browser) {
        Object.assign(this, { address, server, browser });
    }

    /** Data from the server: its `views`, or the `log` of searches. */
    async ask(what) {
        return (await fetch(`${this.address}/test/${what}`)).json();
    }

    /** Open a dashboard and wait until it is drawn; `change` alters the page that is served. */
    async open(view, query = SAMPLE, change = undefined) {
        const page = await this.browser.newPage({ viewport: SIZE });
        const shown = new Shown(this, page);
        if (change) {
            await page.route(`**/app/dnsentropy/${view}?*`, async (route) => {
                const response = await route.fetch();
                await route.fulfill({ response, body: change(await response.text()) });
            });
        }
        await page.goto(`${this.address}/en-US/app/dnsentropy/${view}?${query}`, { timeout: 120_000 });
        await shown.drawn();
        return shown;
    }

    async stop() {
        await this.browser.close();
        this.server.removeAllListeners('exit');
        this.server.stdin.end();
    }
}

/** A dashboard in the browser, and its faults. */
class Shown {
    constructor(site, page) {
        Object.assign(this, { site, page, faults: [], pending: new Set(), changed: Date.now() });
        for (const [event, note] of [
            ['request', 'add'],
            ['requestfinished', 'delete'],
            ['requestfailed', 'delete'],
        ]) {
            page.on(event, (request) => {
                if (request.url().startsWith('http')) {
                    this.pending[note](request);
                    this.changed = Date.now();
                }
            });
        }
        // Requests of a page that was left get no event.
        page.on('framenavigated', () => this.pending.clear());
        page.on('console', (message) => message.type() === 'error' && this.faults.push(`console: ${message.text()}`));
        page.on('pageerror', (error) => this.faults.push(`page: ${error.message}`));
        page.on(
            'response',
            (answer) => answer.status() >= 400 && this.faults.push(`${answer.status()}: ${answer.url()}`),
        );
    }

    /** Wait until no search runs, no request is pending and all panels show something, or until nothing changed for a long time. */
    async drawn() {
        await this.page.waitForSelector('[data-test=viz-item]');
        for (const limit = Date.now() + 240_000; ; await this.page.waitForTimeout(200)) {
            // A request that was sent while the page loaded is not in `pending`.
            this.changed = (await this.site.ask('running')) > 0 ? Date.now() : this.changed;
            const quiet = this.pending.size === 0 ? Date.now() - this.changed : 0;
            if (quiet > LONG || (quiet > QUIET_TIME && (await this.panels()).every(({ marks }) => marks > 0))) {
                return;
            }
            if (Date.now() > limit) {
                throw new Error(`still waiting for ${[...this.pending].map((request) => request.url())}`);
            }
        }
    }

    /** The panels: type, text, and number of marks (rows, bars, bubbles, a value). */
    panels() {
        return this.page.evaluate(() => {
            const marks = {
                'splunk.singlevalue': '[data-test=majorValue]',
                'splunk.table': 'tbody tr',
                'splunk.sankey': '[data-test^=link-][data-test*="-"] path',
            };
            const chart = ['point', 'graph', 'area'].map((kind) => `.highcharts-series-group .highcharts-${kind}`).join();
            const visible = (element) => {
                const { width, height } = element.getBoundingClientRect();
                return (
                    width > 0 &&
                    height + width > 1 &&
                    (element.tagName !== 'DIV' || !/^(|N\/A)$/.test(element.textContent.trim()))
                );
            };
            return [...document.querySelectorAll('[data-test=viz-item]')].map((item) => ({
                id: item.dataset.id,
                type: item.dataset.vizType,
                text: item.innerText,
                marks: [...item.querySelectorAll(marks[item.dataset.vizType] ?? chart)].filter(visible).length,
            }));
        });
    }

    /** Texts that are cut off: titles, descriptions, column heads, axis labels, and tables that need scrolling. */
    cutTexts() {
        return this.page.evaluate(() => {
            const texts = [...document.querySelectorAll('[data-test=viz-title], [data-test=viz-description], th')];
            const cut = texts.filter((e) =>
                [e, ...e.querySelectorAll('*')].some(
                    (x) =>
                        x.scrollWidth > x.clientWidth + 1 &&
                        x.clientWidth > 0 &&
                        getComputedStyle(x).overflow !== 'visible',
                ),
            );
            const labels = [...document.querySelectorAll('svg text')].filter((e) => /…|\.\.\./.test(e.textContent));
            const wide = [...document.querySelectorAll('[data-test=scroll-container]')].filter(
                (e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1,
            );
            return [...cut, ...labels, ...wide].map((e) => e.textContent.trim().slice(0, 200));
        });
    }

    /** The value of a single-value panel. */
    value(id) {
        return this.page.locator(`[data-test=viz-item][data-id=${id}] [data-test=majorValue]`).innerText();
    }

    /** Save a screenshot of the whole page in target/dashboards. */
    async screenshot(name) {
        mkdirSync(SCREENSHOTS, { recursive: true });
        const { y, height } = await this.page.locator('[data-test=grid-layout-canvas]').boundingBox();
        const clip = { x: 0, y: 0, width: SIZE.width, height: Math.ceil(y + height) };
        await this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), clip });
    }

    close() {
        return this.page.close();
    }
}
