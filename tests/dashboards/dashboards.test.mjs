// Tests of the dashboards in a browser, with Splunk's own framework. The packaged program runs the searches.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { fieldsRead, problemsOf } from './definition.mjs';
import { SAMPLE, start } from './site.mjs';

const THEMES = ['dark', 'light'];
const NAMES = ['dnsentropy_baseline', 'dnsentropy_data_check', 'dnsentropy_investigate', 'dnsentropy_overview'];
// Data check reads every event, with all names that sources give their fields: an hour is enough.
const LAST_HOUR = 'form.global_time.earliest=-60m&form.global_time.latest=now';
// Panels that only some events have: programs, where the source logs them, and why there are no events.
const SOMETIMES = ['viz_programs', 'viz_why'];
let site;
let views;

before(async () => {
    site = await start();
    views = Object.fromEntries(Object.entries(await site.ask('views')).map(([name, view]) => [name, view.definition]));
});
after(() => site?.stop());

/** A copy of a dashboard with one change. */
const changed = (view, change) => {
    const copy = structuredClone(views[view]);
    change(copy);
    return copy;
};

/** The searches that ran during an action. */
const searchesDuring = async (action) => {
    const before = (await site.ask('log')).length;
    await action();
    return (await site.ask('log')).slice(before);
};

/** The base searches that an action starts, after their results are drawn; there must be `count` of them. */
const basesDuring = async (count, shown, action) => {
    let found = [];
    const seen = (await site.ask('log')).length;
    await action();
    for (const limit = Date.now() + 120_000; found.length < count && Date.now() < limit;) {
        await shown.page.waitForTimeout(200);
        found = (await site.ask('log')).slice(seen).filter(({ label }) => label);
    }
    await shown.drawn();
    assert.equal(found.length, count);
    return found;
};

/** Checks that there are no faults and no empty panels. */
const assertComplete = async (shown) => {
    const panels = await shown.panels();
    assert.deepEqual(
        panels.filter(({ marks }) => marks === 0).map(({ id }) => id),
        [],
        'empty panels',
    );
    assert.deepEqual(shown.faults, []);
    return panels;
};

/** Checks that each base search ran once for all its chains, and that it returned the fields that the panels read. */
const assertSearches = ({ dataSources, visualizations }, log) => {
    const ids = Object.keys(dataSources);
    const bases = ids.filter((id) => dataSources[id].type === 'ds.search');
    assert.deepEqual(
        log
            .filter(({ label }) => label && !dataSources[label].options.refresh)
            .map(({ label }) => label)
            .sort(),
        bases.filter((id) => !dataSources[id].options.refresh).sort(),
    );
    assert.ok(ids.length > 2 * bases.length, 'base searches are shared');
    const plain = (text) => text.replace(/\s+/g, '');
    for (const [id, visualization] of Object.entries(visualizations)) {
        const source = visualization.dataSources.primary;
        const run = log.find(
            ({ label, search }) =>
                label === source ||
                (!label && plain(search).endsWith(plain(dataSources[source].options.query).slice(1))),
        );
        assert.ok(run, `${source} did not run`);
        const missing = fieldsRead(visualization).filter((name) => !run.fields.includes(name));
        assert.deepEqual(missing, [], `${id} reads fields that ${source} does not return`);
    }
};

describe('definitions', () => {
    it('are those of the package', () =>
        assert.deepEqual(
            Object.keys(views).filter((name) => NAMES.includes(name)),
            NAMES,
        ));

    it('have no dangling references', () => {
        for (const [name, definition] of Object.entries(views)) {
            assert.deepEqual(problemsOf(definition, views), [], name);
        }
    });

    const overview = (change) => problemsOf(changed('dnsentropy_overview', change), views).join('\n');
    const broken = {
        'a data source that does not exist': [
            (d) => (d.visualizations.viz_ranking.dataSources.primary = 'ds_x'),
            /ds_x, which does not exist/,
        ],
        'a chain without a base': [
            (d) => (d.dataSources.ds_figures.options.extend = 'ds_x'),
            /ds_x, which leads to no search/,
        ],
        'a chain that extends itself': [
            (d) => (d.dataSources.ds_figures.options.extend = 'ds_figures'),
            /leads to no search/,
        ],
        'a chain without a pipe': [
            (d) => (d.dataSources.ds_figures.options.query = 'stats count'),
            /does not begin with a pipe/,
        ],
        'an unused data source': [
            (d) => (d.dataSources.ds_x = d.dataSources.ds_ranking),
            /ds_x is not used/,
        ],
        'a token that is never set': [
            (d) => (d.dataSources.ds_ranking.options.query += ' | search src="$host$"'),
            /token host, which is never set/,
        ],
        'a token without a filter in a search': [
            (d) => (d.dataSources.ds_ranking.options.query += ' | search src="$source$"'),
            /ds_ranking has no filter for the token \$source\$/,
        ],
        'a token that is not encoded in a link': [
            (d) => (d.visualizations.viz_ranking.eventHandlers[0].options.url += '&form.src=$source|s$'),
            /viz_ranking does not encode for the address the token \$source\|s\$/,
        ],
        'a token in a title': [
            (d) => (d.visualizations.viz_ranking.title = 'Domains of $source|h$'),
            /viz_ranking shows the token/,
        ],
        'events from a macro that a token names': [
            (d) => (d.dataSources.ds_ranking.options.query = '| `$source|u$` | head 1'),
            /ds_ranking does not begin with the event source/,
        ],
        'an unused input': [
            (d) => (d.inputs.input_source.options.token = 'sauce'),
            /token sauce is not used/,
        ],
        'a misspelt option': [(d) => (d.visualizations.viz_shape.options.bubleSizeMax = 9), /bubleSizeMax/],
        'a missing context': [(d) => delete d.visualizations.viz_ranking.context, /context severityColors/],
        'a panel without an explanation': [
            (d) => delete d.visualizations.viz_flow.description,
            /viz_flow needs a title/,
        ],
        'a panel without a place': [(d) => d.layout.structure.pop(), /is not placed once/],
        'a place without a panel': [(d) => (d.layout.structure[0].item = 'viz_x'), /viz_x, which does not exist/],
        'panels that overlap': [(d) => (d.layout.structure[2].position.x -= 9), /overlap/],
        'an input that is not shown': [(d) => d.layout.globalInputs.pop(), /not the inputs of the definition/],
        'a link to a missing dashboard': [
            (d) => (d.visualizations.viz_ranking.eventHandlers[0].options.url = '/app/dnsentropy/x?a=b'),
            /not a dashboard/,
        ],
        'a link with a token that its target lacks': [
            (d) => (d.visualizations.viz_ranking.eventHandlers[0].options.url += '&form.dst=1'),
            /form.dst/,
        ],
    };
    for (const [fault, [change, expected]] of Object.entries(broken)) {
        it(`are rejected with ${fault}`, () => assert.match(overview(change), expected));
    }
});

describe("Splunk's schema", () => {
    let shown;
    before(async () => (shown = await site.open('dnsentropy_overview')));
    after(() => shown?.close());
    const errors = (definition) => shown.page.evaluate((given) => window.schemaErrors(given), definition);

    it('accepts all definitions', async () => {
        for (const [name, definition] of Object.entries(views)) {
            assert.deepEqual(await errors(definition), [], name);
        }
    });

    it('rejects broken definitions', async () => {
        const faults = [
            (d) => (d.visualizations.viz_ranking.options.count = 'many'),
            (d) => (d.visualizations.viz_ranking.type = 'splunk.tabel'),
            (d) => (d.dataSources.ds_ranking.type = 'ds.serach'),
            (d) => (d.inputs.input_source.options.items = 'sample'),
            (d) => (d.layout.type = 'mosaic'),
            (d) => delete d.visualizations,
        ];
        for (const fault of faults) {
            assert.notDeepEqual(await errors(changed('dnsentropy_overview', fault)), [], String(fault));
        }
    });
});

describe('pages', () => {
    for (const view of NAMES) {
        for (const theme of THEMES) {
            it(`${view} shows all panels with the sample, ${theme}`, async () => {
                let shown;
                const log = await searchesDuring(
                    async () => (shown = await site.open(view, `theme=${theme}&${view === 'dnsentropy_data_check' ? LAST_HOUR : SAMPLE}`)),
                );
                await shown.screenshot(`${view}-${theme}`);
                const panels = await assertComplete(shown);
                const expected = Object.keys(views[view].visualizations).filter((id) => !SOMETIMES.includes(id));
                assert.deepEqual(panels.map(({ id }) => id).sort(), expected.sort());
                assert.deepEqual(await shown.cutTexts(), []);
                assertSearches(views[view], log);
                await shown.close();
            });
        }

        it(`${view} shows all panels with live events`, async () => {
            const shown = await site.open(view, view === 'dnsentropy_data_check' ? LAST_HOUR : '');
            await assertComplete(shown);
            await shown.close();
        });
    }

    const why = (shown) => shown.page.locator('[data-id=viz_why] tbody').innerText({ timeout: 120_000 });
    const OUTSIDE = 'form.global_time.earliest=1000&form.global_time.latest=2000';

    it('without events show zeros and say why; empty charts and tables are hidden', async () => {
        for (const view of NAMES) {
            const shown = await site.open(view, OUTSIDE);
            const panels = await shown.panels();
            const figures = panels.filter(({ type }) => type === 'splunk.singlevalue');
            const values = figures.filter(({ id }) => id !== 'viz_blind').map(({ text }) => text.split('\n').at(-1));
            assert.ok(
                values.every((value) => /^(0(\.0+)?|0 B|none|%)$/.test(value)),
                `${view}: ${values}`,
            );
            assert.deepEqual(panels.filter(({ marks }) => marks === 0), [], view);
            if (view === 'dnsentropy_data_check') {
                const rows = await shown.page.locator('[data-id=viz_problems] tbody').innerText();
                assert.match(rows, /No event of a known DNS source in this time/);
            } else {
                assert.equal(panels[0].id, 'viz_why', view);
                assert.match(await why(shown), /There is no DNS event in this time. The newest one .*\(stream:dns\)/);
            }
            assert.deepEqual(shown.faults, []);
            const cut = (await shown.cutTexts()).filter((text) => /^(No events|Why|Source)/.test(text));
            assert.deepEqual(cut, [], view);
            await shown.screenshot(`${view}-without-events`);
            await shown.close();
        }
    });

    it('say that the macro reads another source, or that it returns no query', async () => {
        for (const [macro, expected] of [
            ['`dnsentropy_events_zeek`', /dnsentropy_events returns no event in this time, although there are .* of stream:dns/],
            ['search sourcetype=stream:dns | eval query=null()', /returns events, but none has the field query/],
        ]) {
            for (const view of ['dnsentropy_overview', 'dnsentropy_investigate', 'dnsentropy_baseline']) {
                const change = (page) => page.replaceAll('`dnsentropy_source_$source|u$`', macro);
                const shown = await site.open(view, 'form.source=live', change);
                assert.match(await why(shown), expected, view);
                assert.deepEqual(shown.faults, []);
                await shown.close();
            }
        }
    });

    it('name programs and users where the events have them', async () => {
        const known = '| eval process=if(src="10.0.2.109", "C:\\\\evil.exe", null()), user="alice"'.replaceAll('"', '\\"');
        const source = '| `dnsentropy_source_$source|u$`';
        // A function: in a text, the dollar sign before the backtick means what precedes the source.
        const change = (page) => page.replaceAll(source, () => `${source} ${known}`);
        const investigate = await site.open('dnsentropy_investigate', `${SAMPLE}&form.domain=hildegardsfarm.com`, change);
        const programs = await investigate.page.locator('[data-id=viz_programs] tbody').innerText();
        assert.match(programs, /C:\\evil\.exe\s+alice\s+1\s+851/);
        for (const panel of ['viz_verdict', 'viz_names']) {
            assert.match(await investigate.page.locator(`[data-id=${panel}] tbody`).innerText(), /evil\.exe/);
        }
        await investigate.screenshot('dnsentropy_investigate-programs');
        assert.deepEqual(await investigate.cutTexts(), []);
        await assertComplete(investigate);
        await investigate.close();
        const overview = await site.open('dnsentropy_overview', SAMPLE, change);
        assert.match(await overview.page.locator('[data-id=viz_ranking] tbody tr').first().innerText(), /evil\.exe/);
        assert.deepEqual(await overview.cutTexts(), []);
        await assertComplete(overview);
        await overview.close();
    });

    it('say that the filter matches nothing, and link to the check of the data', async () => {
        for (const [filter, expected] of [
            ['form.src=192.0.2.200', /Other clients have events in this time, but this one has none/],
            ['form.domain=nobody.example', /events in this time, but none of this domain/],
            ['form.src=10.0.9.9&form.domain=hildegardsfarm.com', /The client has events in this time, but none of this domain/],
        ]) {
            const shown = await site.open('dnsentropy_investigate', `form.source=live&${filter}`);
            assert.match(await why(shown), expected, filter);
            await shown.page.locator('[data-id=viz_why] tbody td').first().click();
            await shown.page.waitForURL('**/dnsentropy_data_check?form.global_time*');
            await shown.close();
        }
        const shown = await site.open('dnsentropy_overview', `${SAMPLE}&${OUTSIDE}`);
        assert.match(await why(shown), /The sample covers the last 24 hours/);
        await shown.close();
    });

    const faults = {
        'a panel without rows': [(text) => text.replace('| sort - bytes | head 7', '| where 1=2'), ['viz_flow'], 0],
        'a panel that reads a field of another name': [
            (text) => text.replace("seriesByName('findings')", "seriesByName('finding')"),
            ['viz_findings_count'],
            0,
        ],
        'a search that fails': [
            (text) => text.replaceAll('| dnsexfil query by src dest', '| dnsexfill query by src dest'),
            ['viz_ranking', 'viz_shape'],
            1,
        ],
    };
    for (const [fault, [change, expected, errors]] of Object.entries(faults)) {
        it(`fail with ${fault}`, async () => {
            const shown = await site.open('dnsentropy_overview', SAMPLE, change);
            const full = (await shown.panels()).filter(({ marks }) => marks > 0).map(({ id }) => id);
            const empty = Object.keys(views.dnsentropy_overview.visualizations).filter((id) => !full.includes(id));
            assert.ok(
                expected.every((id) => empty.includes(id)),
                `empty: ${empty}`,
            );
            assert.ok(shown.faults.length >= errors, 'no fault was reported');
            await shown.close();
        });
    }
});

describe('clicks and inputs', () => {
    const address = (shown) => new URL(shown.page.url());
    const forms = (shown) =>
        Object.fromEntries([...address(shown).searchParams].filter(([name]) => name.startsWith('form.')));

    it('a click on a row of the ranking opens its queries', async () => {
        const shown = await site.open(
            'dnsentropy_overview',
            `${SAMPLE}&form.global_time.earliest=-12h&form.global_time.latest=now`,
        );
        const log = await searchesDuring(async () => {
            await shown.page.locator('[data-id=viz_ranking] tbody tr').first().getByText('hildegardsfarm.com').click();
            await shown.page.waitForURL('**/dnsentropy_investigate?*');
            await shown.drawn();
        });
        assert.deepEqual(forms(shown), {
            'form.source': 'sample',
            'form.domain': 'hildegardsfarm.com',
            'form.src': '10.0.2.109',
            'form.global_time.earliest': '-12h',
            'form.global_time.latest': 'now',
        });
        const ranking = log.find(({ label }) => label === 'ds_ranking').search;
        assert.match(ranking, /^\| `dnsentropy_source_sample` \| .* src="10.0.2.109" .* wanted="hildegardsfarm.com", /);
        const panels = await assertComplete(shown);
        assert.equal(await shown.value('viz_severity'), 'critical');
        assert.equal(await shown.value('viz_queries'), '851');
        const resolvers = panels.find(({ id }) => id === 'viz_resolvers').text;
        assert.ok(
            ['208.109.255.42', '216.69.185.42'].every((resolver) => resolvers.includes(resolver)),
            resolvers,
        );
        await shown.screenshot('dnsentropy_investigate-hildegardsfarm');
        await shown.close();
    });

    it('a click on a bar opens its client, on a bubble its domain', async () => {
        for (const [panel, expected] of [
            ['viz_clients', /form.src=10.0.2.109/],
            ['viz_shape', /form.domain=[a-z0-9.-]+\.[a-z]+&/],
        ]) {
            const shown = await site.open('dnsentropy_overview');
            await shown.page.locator(`[data-id=${panel}] .highcharts-point`).first().click({ force: true });
            await shown.page.waitForURL('**/dnsentropy_investigate?*');
            assert.match(shown.page.url(), expected);
            await shown.close();
        }
    });

    it('overview and baseline link to each other', async () => {
        const shown = await site.open('dnsentropy_overview');
        await shown.page.locator('[data-id=viz_queries_count] [data-test=majorValue]').click();
        await shown.page.waitForURL('**/dnsentropy_baseline?*');
        await shown.drawn();
        await shown.page.locator('[data-id=viz_scores] .highcharts-point').first().click({ force: true });
        await shown.page.waitForURL('**/dnsentropy_overview?*');
        assert.equal(forms(shown)['form.source'], 'sample');
        await shown.close();
    });

    it('a click on a domain of the baseline opens its queries', async () => {
        const shown = await site.open('dnsentropy_baseline');
        await shown.page.locator('[data-id=viz_wide] tbody tr').nth(1).locator('td').first().click();
        await shown.page.waitForURL('**/dnsentropy_investigate?*');
        await shown.drawn();
        assert.equal(forms(shown)['form.domain'], 'frothly.local');
        await assertComplete(shown);
        await shown.close();
    });

    it('a new domain in the input changes all searches and panels', async () => {
        const shown = await site.open('dnsentropy_investigate', `${SAMPLE}&form.domain=hildegardsfarm.com`);
        const before = await shown.value('viz_queries');
        const bases = await basesDuring(3, shown, async () => {
            const input = shown.page.locator('[data-test=input-item]', { hasText: 'Domain' }).locator('input');
            await input.fill('guardotter.com');
            await input.press('Enter');
        });
        assert.ok(
            bases.every(({ search }) => search.includes('wanted="guardotter.com"')),
            JSON.stringify(bases),
        );
        assert.equal(before, '851');
        assert.equal(await shown.value('viz_queries'), '176');
        assert.equal(await shown.value('viz_severity'), 'high');
        await assertComplete(shown);
        await shown.close();
    });

    it('the data input switches from live events to the sample', async () => {
        const shown = await site.open('dnsentropy_overview', '');
        const bases = await basesDuring(3, shown, async () => {
            await shown.page.locator('[data-test=input-item]', { hasText: 'Data' }).locator('button').first().click();
            await shown.page.getByRole('option', { name: 'Sample' }).click();
        });
        assert.ok(
            bases.every(({ search }) => search.startsWith('| `dnsentropy_source_sample` |')),
            JSON.stringify(bases),
        );
        await assertComplete(shown);
        await shown.close();
    });

    it('a shorter time range has fewer queries', async () => {
        const day = await site.open('dnsentropy_overview');
        const hour = await site.open(
            'dnsentropy_overview',
            `${SAMPLE}&form.global_time.earliest=-60m&form.global_time.latest=now`,
        );
        const count = async (shown) => Number((await shown.value('viz_queries_count')).replace(',', ''));
        assert.ok((await count(hour)) > 0 && (await count(hour)) < (await count(day)) / 2);
        await day.close();
        await hour.close();
    });
});
