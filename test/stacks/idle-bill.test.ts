import { describe, expect, it } from 'vitest';
import { idleBill, readPrices } from '../../scripts/idle-bill.ts';

const prices = readPrices();
const of = (Type: string, Properties: Record<string, unknown> = {}) => [
  { Resources: { It: { Type, Properties } } },
];

describe('The idle bill', () => {
  it('knows what costs while idle', () => {
    expect(idleBill(of('AWS::EC2::NatGateway'), prices).usd).toBeCloseTo(32.85);
    expect(idleBill(of('AWS::SecretsManager::Secret'), prices).usd).toBeCloseTo(0.4);
    const awake = of('AWS::RDS::DBCluster', { ServerlessV2ScalingConfiguration: { MinCapacity: 0.5 } });
    expect(idleBill(awake, prices).usd).toBeCloseTo(43.8);
  });

  it('takes off what an account has for nothing once, not for each stack', () => {
    const stacks = Array.from({ length: 12 }, () => of('AWS::CloudWatch::Alarm')[0]!);
    const bill = idleBill(stacks, prices);
    expect(bill.usd).toBeCloseTo(0.2);
    expect(bill.usdWithoutAllowances).toBeCloseTo(1.2);
  });

  it.each([
    ['a type that it does not know', of('AWS::ElasticLoadBalancingV2::LoadBalancer'), /LoadBalancer/],
    [
      'an interface endpoint',
      of('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Interface' }),
      /interface endpoint/,
    ],
    [
      'provisioned concurrency',
      of('AWS::Lambda::Alias', { ProvisionedConcurrencyConfig: {} }),
      /concurrency/,
    ],
    ['provisioned capacity', of('AWS::DynamoDB::GlobalTable', { BillingMode: 'PROVISIONED' }), /capacity/],
    ['a database of which nobody knows how small it becomes', of('AWS::RDS::DBCluster'), /least capacity/],
    [
      'another schedule',
      of('AWS::Scheduler::Schedule', { ScheduleExpression: 'rate(5 minutes)' }),
      /schedule/,
    ],
  ])('refuses %s', (_what, templates, message) => {
    expect(() => idleBill(templates, prices)).toThrow(message);
  });

  it('says from when and where its prices are', () => {
    expect(prices.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(prices.source).not.toBe('');
  });
});
