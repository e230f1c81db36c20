import { expect, it } from "vitest";
import { PortJudge } from "./port-judge.js";

/** A bus that notes what it is told. */
function toldBus() {
  const told: string[] = [];
  const bus = {
    confirmPort: () => void told.push("confirm"),
    leavePort: () => {
      told.push("leave");
      return true;
    },
  };
  return { told, judge: new PortJudge(bus, 2) };
}

const timeouts = (judge: PortJudge, count: number) => {
  for (let n = 0; n < count; n++) judge.failed(n % 2 === 0 ? "bus.timeout" : "bus.crc");
};

it("confirms a port where a meter was read that belongs there", () => {
  const { told, judge } = toldBus();
  judge.heard(undefined);
  expect(told).toEqual(["confirm"]);
});

it("leaves a port where another meter answers, and says nothing for other refusals", () => {
  const { told, judge } = toldBus();
  judge.heard("meter.register-jumped");
  expect(told).toEqual([]);
  judge.heard("meter.serial-changed");
  judge.failed("meter.serial-changed");
  expect(told).toEqual(["leave", "leave"]);
});

it("leaves a port where all meters were silent three times, and not before", () => {
  const { told, judge } = toldBus();
  timeouts(judge, 5);
  expect(told).toEqual([]);
  timeouts(judge, 1);
  expect(told).toEqual(["leave"]);
});

it("keeps a port where one of two meters answers", () => {
  const { told, judge } = toldBus();
  for (let round = 0; round < 10; round++) {
    judge.failed("bus.timeout");
    judge.heard(undefined);
  }
  expect(told).not.toContain("leave");
});

it("takes no other trouble for a wrong port", () => {
  const { told, judge } = toldBus();
  for (let n = 0; n < 20; n++) judge.failed("bus.exception");
  expect(told).toEqual([]);
});
