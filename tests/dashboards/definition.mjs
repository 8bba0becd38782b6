// Finds problems in a definition that Splunk's schema and framework do not report, such as dangling references.
import { createRequire } from 'node:module';

globalThis.window ??= globalThis;
const schemas = createRequire(import.meta.url)('@splunk/visualization-schemas');
const OPTIONS = Object.fromEntries(
    Object.entries(schemas)
        .filter(([name]) => name.endsWith('OptionsSchema'))
        .map(([name, schema]) => [
            `splunk.${name.replace('OptionsSchema', '').toLowerCase()}`,
            schema.properties ?? schema,
        ]),
);
const TOKEN = /\$([\w.: ]+?)(?:\|[a-z]+)*\$/g;
const UNFILTERED = /\$[\w.: ]+?\$/g;
const EVENTS = '| `dnsentropy_source_$source|u$` |';
const CLICK_TOKENS = /^(name|value|row\..+\.value)$/;
const LINK = /^\/app\/dnsentropy\/(\w+)\?(.*)$/;

/** All problems of a definition, as texts. `views` are the definitions of all dashboards that it may link to. */
export function problemsOf(definition, views) {
    return [
        ...dataSourceProblems(definition),
        ...layoutProblems(definition),
        ...tokenProblems(definition),
        ...filterProblems(definition),
        ...visualizationProblems(definition),
        ...linkProblems(definition, views),
    ];
}

/** The ids of a data source and of the ones that it extends, itself first. */
export function chainOf(definition, id) {
    const chain = [];
    for (let at = id; at !== undefined && !chain.includes(at); at = definition.dataSources[at]?.options?.extend) {
        chain.push(at);
    }
    return chain;
}

/** The fields that a visualization's dynamic options read from its data. */
export function fieldsRead(visualization) {
    const text = JSON.stringify(visualization.options);
    return [...new Set([...text.matchAll(/seriesByName\(['"]([^'"]+)['"]\)/g)].map(([, name]) => name))];
}

function dataSourceProblems({ dataSources, visualizations }) {
    const problems = [];
    const used = new Set();
    for (const [id, { dataSources: sources }] of Object.entries(visualizations)) {
        for (const source of Object.values(sources ?? {})) {
            used.add(source);
            if (!dataSources[source]) {
                problems.push(`${id} has the data source ${source}, which does not exist`);
            }
        }
    }
    for (const [id, { type, options }] of Object.entries(dataSources)) {
        if (type === 'ds.chain') {
            used.add(options.extend);
            const last = chainOf({ dataSources }, id).at(-1);
            if (dataSources[last]?.type !== 'ds.search') {
                problems.push(`${id} extends ${options.extend}, which leads to no search`);
            }
            if (!options.query.startsWith('|')) {
                problems.push(`${id} does not begin with a pipe`);
            }
        } else if (options.query.includes('$source') && !options.query.startsWith(EVENTS)) {
            problems.push(`${id} does not begin with the event source`);
        }
    }
    return [
        ...problems,
        ...Object.keys(dataSources)
            .filter((id) => !used.has(id))
            .map((id) => `${id} is not used`),
    ];
}

function layoutProblems({ layout, visualizations, inputs }) {
    const problems = [];
    const boxes = layout.structure.map(({ item, position }) => ({ item, ...position }));
    for (const [at, one] of boxes.entries()) {
        if (!visualizations[one.item]) {
            problems.push(`the layout places ${one.item}, which does not exist`);
        }
        for (const other of boxes.slice(at + 1)) {
            const apart =
                one.x + one.w <= other.x ||
                other.x + other.w <= one.x ||
                one.y + one.h <= other.y ||
                other.y + other.h <= one.y;
            if (!apart) {
                problems.push(`${one.item} and ${other.item} overlap`);
            }
        }
        if (one.x + one.w > layout.options.width) {
            problems.push(`${one.item} is wider than the page`);
        }
    }
    for (const id of Object.keys(visualizations)) {
        if (boxes.filter(({ item }) => item === id).length !== 1) {
            problems.push(`${id} is not placed once`);
        }
    }
    const listed = [...layout.globalInputs].sort().join();
    if (listed !== Object.keys(inputs).sort().join()) {
        problems.push(`the page shows the inputs ${listed}, not the inputs of the definition`);
    }
    return problems;
}

/** The tokens that a definition's inputs set. */
function tokensOf({ inputs }) {
    return Object.values(inputs).flatMap(({ type, options: { token } }) =>
        type === 'input.timerange' ? [`${token}.earliest`, `${token}.latest`] : [token],
    );
}

function tokenProblems(definition) {
    const known = tokensOf(definition);
    const problems = [];
    const used = new Set();
    const check = (place, value, more) => {
        for (const [, token] of JSON.stringify(value).matchAll(TOKEN)) {
            used.add(token);
            if (!known.includes(token) && !more?.test(token)) {
                problems.push(`${place} has the token ${token}, which is never set`);
            }
        }
    };
    check('defaults', definition.defaults);
    for (const [id, source] of Object.entries(definition.dataSources)) {
        check(id, source);
    }
    for (const [id, { eventHandlers = [], ...rest }] of Object.entries(definition.visualizations)) {
        check(id, rest);
        check(id, eventHandlers, CLICK_TOKENS);
    }
    return [
        ...problems,
        ...known.filter((token) => !used.has(token)).map((token) => `the token ${token} is not used`),
    ];
}

/** Tokens hold what people, links and rows contain: they have a filter in searches and links, and texts have none. */
function filterProblems({ title, description, dataSources, visualizations }) {
    const searches = Object.entries(dataSources).map(([id, { options }]) => [id, options.query]);
    const links = Object.entries(visualizations).flatMap(([id, { eventHandlers = [] }]) =>
        eventHandlers.map(({ options }) => [id, options.url]),
    );
    const texts = Object.entries(visualizations).map(([id, { eventHandlers, ...shown }]) => [id, JSON.stringify(shown)]);
    const found = (places, pattern, problem) =>
        places.flatMap(([id, text]) => [...(text ?? '').matchAll(pattern)].map(([token]) => `${id} ${problem} ${token}`));
    return [
        ...found(searches, UNFILTERED, 'has no filter for the token'),
        ...found(links, /\$[\w.: ]+?(?:\|(?!u\$)[a-z]+)*\$/g, 'does not encode for the address the token'),
        ...found([['the page', `${title} ${description}`], ...texts], TOKEN, 'shows the token'),
    ];
}

function visualizationProblems({ visualizations }) {
    const problems = [];
    for (const [id, { type, title, description, options, context = {} }] of Object.entries(visualizations)) {
        if (!OPTIONS[type]) {
            problems.push(`${id} is a ${type}, which does not exist`);
            continue;
        }
        if (!title || !description || description.includes('\n') || description.length > 160) {
            problems.push(`${id} needs a title and an explanation of one line`);
        }
        for (const option of Object.keys(options).filter((name) => !(name in OPTIONS[type]))) {
            problems.push(`${id} has the option ${option}, which ${type} does not know`);
        }
        for (const [, name] of JSON.stringify(options).matchAll(/\b(?:matchValue|rangeValue|pick)\((\w+)\)/g)) {
            if (!(name in context)) {
                problems.push(`${id} refers to the context ${name}, which it does not have`);
            }
        }
    }
    return problems;
}

function linkProblems({ visualizations }, views) {
    const problems = [];
    for (const [id, { eventHandlers = [] }] of Object.entries(visualizations)) {
        for (const { type, options } of eventHandlers) {
            const [, view, query] = LINK.exec(options.url ?? '') ?? [];
            if (type !== 'drilldown.customUrl' || !views[view]) {
                problems.push(`${id} leads to ${options.url}, which is not a dashboard of the app`);
                continue;
            }
            const known = tokensOf(views[view]).map((token) => `form.${token}`);
            for (const part of query.split('&').map((pair) => pair.split('=')[0])) {
                if (!known.includes(part)) {
                    problems.push(`${id} sets ${part}, which ${view} does not read`);
                }
            }
        }
    }
    return problems;
}
