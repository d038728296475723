/** What an environment costs: a line for each service and resource. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import type { CostLine } from '../../../../client/types.generated.ts';
import { Facts } from '../../components/facts.tsx';
import { type Column, DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import { dollars, pricesWords, useEnvironmentCost, whereWords } from './read-costs.ts';

export function CostCard(place: { project: string; environment: string }) {
  const { data, error } = useEnvironmentCost(place);
  return (
    <Container header={<Header variant="h2">Cost</Header>}>
      <div className="stack">
        {data && (
          <>
            <p className="soft">
              {whereWords(data.basis)}, {pricesWords(data.prices)}, if it goes on as it is now.
            </p>
            <Facts
              of={[
                ['A month', dollars(data.usdPerMonth)],
                ['A day', dollars(data.usdPerDay)],
                ['Until it expires', data.usdUntilExpiry !== undefined && dollars(data.usdUntilExpiry)],
                ['In common with others', `${dollars(data.common.usdPerMonth)} a month, not in the sum`],
              ]}
            />
            {data.unpriced.length > 0 && (
              <p>Without a price, and not counted: {data.unpriced.map(plain).join(', ')}</p>
            )}
          </>
        )}
        <DataTable
          label="What costs how much"
          of={{ items: data?.lines, error, more: undefined }}
          keyOf={({ name, unit }) => `${name} ${unit}`}
          none="Nothing that is here costs anything now."
          columns={columns}
        />
      </div>
    </Container>
  );
}

const columns: readonly Column<CostLine>[] = [
  { head: 'What', cell: ({ name }) => plain(name) },
  { head: 'Unit', cell: ({ unit }) => <code>{unit}</code> },
  { head: 'In a month', cell: ({ amount }) => amount.toLocaleString('en-US') },
  { head: 'Costs', cell: ({ usdPerMonth }) => dollars(usdPerMonth) },
];
