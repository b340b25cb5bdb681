# The table of bench-sales, from lines of NAME=VALUE: medians over the turns,
# and of the ratios of each turn.
function field(name,   i, at) {
	for (i = 1; i <= NF; i++) {
		at = index($i, "=")
		if (substr($i, 1, at - 1) == name)
			return substr($i, at + 1)
	}
	return 0
}

function note(what, value) {
	values[row, name, what, turn[row, name]] = value
}

function median(what,   n, i, j, v, sorted) {
	n = turn[row, name]
	for (i = 1; i <= n; i++) {
		v = values[row, name, what, i] + 0
		for (j = i - 1; j > 0 && sorted[j] > v; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = v
	}
	return n == 0 ? 0 : sorted[int((n + 1) / 2)]
}

{
	row = field("row")
	name = field("name")
	if (!((row, name) in turn))
		order[++rows] = row SUBSEP name
	turn[row, name]++
	rate = field("requests") / field("seconds")
	note("rate", rate)
	note("p50", field("p50_us") / 1000)
	note("p99", field("p99_us") / 1000)
	note("max", field("max_us") / 1000)
	note("cpu", field("cpu_s") * 1e6 / field("requests"))
	note("client", field("client_s") * 1e6 / field("requests"))
	note("group", field("group"))
	if (name != "grouped" &&
	    (row, "grouped", "rate", turn[row, name]) in values)
		note("ratio", values[row, "grouped", "rate", \
		    turn[row, name]] / rate)
}

END {
	printf "# %-11s %-8s %9s %8s %8s %8s %7s %7s %6s %s\n", "row",
	    "daemon", "sales/s", "p50 ms", "p99 ms", "max ms", "CPU us", \
	    "client", "group", "grouped is"
	for (i = 1; i <= rows; i++) {
		split(order[i], part, SUBSEP)
		row = part[1]
		name = part[2]
		printf "# %-11s %-8s %9.0f %8.1f %8.1f %8.1f %7.1f %7.1f %6.1f %s\n",
		    row, name, median("rate"), median("p50"), median("p99"),
		    median("max"), median("cpu"), median("client"),
		    median("group"), name == "grouped" ? "" : \
		    sprintf("%.1fx", median("ratio"))
	}
}
