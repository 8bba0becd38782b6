// The page of a dashboard: Splunk's own framework, with the definition and the tokens of the URL.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { DashboardContextProvider } from '@splunk/dashboard-context';
import DashboardCore from '@splunk/dashboard-core';
import { createSchemaBasedOnPresets } from '@splunk/dashboard-definition';
import EnterprisePreset from '@splunk/dashboard-presets/EnterprisePreset';
import EnterpriseViewOnlyPreset from '@splunk/dashboard-presets/EnterpriseViewOnlyPreset';
import { mapURLToTokens, migrateToTabsLayout, replaceTokens } from '@splunk/dashboard-utils';
import { DashboardValidator } from '@splunk/dashboard-validation';
import SplunkThemeProvider from '@splunk/themes/SplunkThemeProvider';

// The errors that Splunk's schema reports. The files have the layout that all versions since 9.0 read; newer versions
// migrate it in this way.
window.schemaErrors = (definition) => {
    const { success, reason, definition: migrated } = migrateToTabsLayout({ definition });
    if (!success) {
        return [reason];
    }
    const validator = new DashboardValidator();
    validator.setSchema(createSchemaBasedOnPresets(EnterprisePreset));
    return (validator.validate(migrated) || []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};

// The searches that a definition's data sources send for an address: { id: search }.
window.searchesFor = ({ dataSources }, address) =>
    Object.fromEntries(
        Object.entries(dataSources).map(([id, { options }]) => [
            id,
            replaceTokens({ value: options.query, tokens: mapURLToTokens({ search: address }) }),
        ]),
    );

const { search } = window.location;
const theme = new URLSearchParams(search).get('theme') || window.VIEW.theme;
document.body.style.background = theme === 'dark' ? '#0b0c0e' : '#f2f4f5';

createRoot(document.getElementById('page')).render(
    <SplunkThemeProvider family="enterprise" colorScheme={theme} density="comfortable">
        <DashboardContextProvider
            preset={EnterpriseViewOnlyPreset}
            initialDefinition={window.VIEW.definition}
            initialTokenBinding={mapURLToTokens({ search })}
        >
            <DashboardCore width="100%" height="auto" />
        </DashboardContextProvider>
    </SplunkThemeProvider>,
);
