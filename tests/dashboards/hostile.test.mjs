// Tests that what an address or a row contains never becomes a search of its own, with Splunk's own framework.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { start } from './site.mjs';

const QUOTED = /"(?:\\.|[^"\\])*"/gs;
const BEGIN = /^\| `dnsentropy_source_([A-Za-z0-9_.!~*'()%-]*)` \| /;
const MACRO = new RegExp(BEGIN.source.slice(1), 'g');
// What `form.source` may contain: SPL, the ends of a macro call, other tokens, and what a filter could leave as it is.
const SOURCES = [
    '`dnsentropy_events`',
    '`dnsentropy_sample`',
    'x` | delete',
    'live` | search [| delete] `',
    'live\n| delete',
    'live"',
    "live'",
    'live(1)',
    'live(',
    'live)`',
    'live,sample',
    'live|s',
    '!~*',
    '$domain$',
    '$domain|n$',
    '%60%20%7C%20delete',
    '<img src=x onerror=alert(1)>',
];
const TEXTS = [
    'x" | delete',
    'x\\" | delete | eval a="',
    'x\\',
    '`dnsentropy_sample`',
    '[| delete]',
    '$source$',
    '$domain$',
    '$domain|n$',
    'x\n| delete',
    '```x',
    "' OR 1=1",
    '" OR src="*',
];
let site;
let views;
let page;

before(async () => {
    site = await start();
    views = Object.fromEntries(Object.entries(await site.ask('views')).map(([name, view]) => [name, view.definition]));
    ({ page } = await site.open('dnsentropy_overview'));
});
after(() => site?.stop());

const address = (tokens) => `?${new URLSearchParams(tokens.map(([name, value]) => [`form.${name}`, value]))}`;

/** The searches of a view that read events, before the framework replaces their tokens. */
const templatesOf = (view) =>
    Object.entries(views[view].dataSources)
        .map(([id, { options }]) => [id, options.query])
        .filter(([, query]) => query.includes('dnsentropy_source_'));
/** How often the text of a token must be in a search. */
const usesOf = (template, name) => template.split(`$${name}|s$`).length - 1;

/** The searches of a view that read events, as the framework makes them from an address, in the order of their templates. */
const searchesFor = async (view, tokens) => {
    const all = await page.evaluate(([given, query]) => window.searchesFor(given, query), [views[view], address(tokens)]);
    return templatesOf(view).map(([id]) => all[id]);
};

/** The searches that a page really sends, and the page. */
const sentBy = async (view, tokens) => {
    const seen = (await site.ask('log')).length;
    const shown = await site.browser.newPage();
    await shown.goto(`${site.address}/en-US/app/dnsentropy/${view}${address(tokens)}`);
    let sent = [];
    const expected = templatesOf(view).length;
    for (const limit = Date.now() + 60_000; sent.length < expected && Date.now() < limit;) {
        await shown.waitForTimeout(200);
        sent = (await site.ask('log')).slice(seen).filter(({ search }) => search.includes('dnsentropy_source_'));
    }
    assert.equal(sent.length, expected, `${view} sent ${sent.length} searches for ${address(tokens)}`);
    return { shown, sent };
};

/** A search without its quoted texts: what Splunk reads as commands, macros and subsearches. */
const skeleton = (search) => search.replace(QUOTED, '""');
const skeletons = (searches) => searches.map(skeleton);
const quoted = (search) => [...search.matchAll(QUOTED)].map(([text]) => text);

describe('the source in the address', () => {
    it('chooses between live events and the sample', async () => {
        for (const view of Object.keys(views)) {
            for (const source of ['live', 'sample']) {
                const searches = await searchesFor(view, [['source', source]]);
                assert.equal(searches.length, view === 'dnsentropy_data_check' ? 0 : 3, view);
                assert.ok(searches.every((search) => search.startsWith(`| \`dnsentropy_source_${source}\` | `)));
            }
        }
    });

    for (const value of SOURCES) {
        it(`${JSON.stringify(value)} names a macro that does not exist, and nothing else`, async () => {
            for (const view of Object.keys(views)) {
                const harmless = await searchesFor(view, [['source', 'live']]);
                const searches = await searchesFor(view, [['source', value]]);
                const rest = (search) => skeleton(search).replace(MACRO, '');
                assert.deepEqual(searches.map(rest), harmless.map(rest));
                for (const search of searches) {
                    assert.equal(BEGIN.exec(search)[1], encodeURIComponent(value));
                    const names = [...skeleton(search).matchAll(MACRO)].map(([, name]) => name);
                    assert.deepEqual([...new Set(names)], [encodeURIComponent(value)]);
                }
            }
        });
    }

    it('given twice, it names a macro that does not exist', async () => {
        for (const search of await searchesFor('dnsentropy_overview', [['source', 'live'], ['source', 'x` | delete']])) {
            assert.match(search, /^\| `dnsentropy_source_live,x%60%20%7C%20delete` \| /);
        }
    });

    it('that is wrong fails the searches of a page, and is shown as a text', async () => {
        for (const value of ['$domain$` | delete', 'live\n| search [| delete]', '<img src=x onerror=alert(1)>`']) {
            const { shown, sent } = await sentBy('dnsentropy_investigate', [
                ['source', value],
                ['src', '$domain$'],
                ['domain', 'x" | delete'],
            ]);
            const templates = Object.fromEntries(templatesOf('dnsentropy_investigate'));
            for (const { search, error, label } of sent) {
                assert.equal(BEGIN.exec(search)[1], encodeURIComponent(value));
                assert.match(error, /the macro dnsentropy_source_.* does not exist/);
                // One pass: a token in a value is not replaced again.
                assert.equal(quoted(search).filter((text) => text === '"$domain$"').length, usesOf(templates[label], 'src'));
                assert.equal(quoted(search).filter((text) => text === '"x\\" | delete"').length, usesOf(templates[label], 'domain'));
            }
            const input = shown.locator('[data-test=input-item]', { hasText: 'Data' });
            assert.ok((await input.innerText()).includes(value.replace('\n', ' ')));
            assert.equal(await input.locator('img').count(), 0);
            await shown.close();
        }
    });

    it('that is empty means live events', async () => {
        const { shown, sent } = await sentBy('dnsentropy_overview', [['source', '']]);
        assert.ok(sent.every(({ search, error }) => search.startsWith('| `dnsentropy_source_live` |') && !error));
        await shown.close();
    });
});

describe('client and domain in the address', () => {
    for (const value of TEXTS) {
        it(`${JSON.stringify(value)} stays a text in quotes`, async () => {
            for (const [name, other] of [['src', 'domain'], ['domain', 'src']]) {
                const harmless = [['source', 'live'], [name, 'a'], [other, 'b']];
                const searches = await searchesFor('dnsentropy_investigate', [['source', 'live'], [name, value], [other, 'b']]);
                assert.deepEqual(skeletons(searches), skeletons(await searchesFor('dnsentropy_investigate', harmless)));
                for (const [at, [, template]] of templatesOf('dnsentropy_investigate').entries()) {
                    const found = quoted(searches[at]).filter((text) => JSON.parse(text) === value);
                    assert.equal(found.length, usesOf(template, name));
                    assert.ok(found.length > 0);
                }
            }
        });
    }

    it('given twice, both stay in quotes', async () => {
        const given = [['source', 'live'], ['src', 'a'], ['src', 'b" | delete'], ['domain', 'c']];
        for (const search of await searchesFor('dnsentropy_investigate', given)) {
            assert.ok(search.includes('"a","b\\" | delete"'), search);
        }
    });
});

describe('a click on a row with an odd domain', () => {
    it('opens exactly its queries', async () => {
        const shown = await site.open('dnsentropy_overview', 'form.source=live');
        const row = shown.page.locator('[data-id=viz_ranking] tbody tr', { hasText: '10.0.9.9' });
        const cell = row.locator('td', { hasText: '.example' }).first();
        const domain = (await cell.innerText()).trim();
        await cell.click();
        await shown.page.waitForURL('**/dnsentropy_investigate?*');
        await shown.drawn();
        const { searchParams } = new URL(shown.page.url());
        assert.deepEqual([searchParams.get('form.domain'), searchParams.get('form.src')], [domain, '10.0.9.9']);
        assert.equal(await shown.value('viz_queries'), '40');
        assert.match(await shown.value('viz_severity'), /^(high|critical)$/);
        assert.deepEqual(shown.faults, []);
        await shown.close();
    });
});
