# Every recipe calls a script or a module; `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help env demo test systems faults neighbours soak fuzz bench distribution monitoring compat walk audit release login publish sign draft sample check timed words up down build crds lock bump-kubernetes site site-check
in_env := @hack/scripts/in-env

help: ## list the targets
	@hack/scripts/help

env: ## make .venv with the locked Python packages
	@hack/scripts/env

demo: ## show the operator at work and check each step (CLUSTER=current: on your own cluster, with a report; CLUSTER=installed: with the operator there)
	$(in_env) -m hack.demo

test: ## everything: the checks, then all tests on a Kubernetes of its own
	$(in_env) -m hack.scripts.suite test

systems: ## every kind of process (Apache, JVM, Node.js, ...) as a process type, and that no request is lost
	$(in_env) -m hack.scripts.suite systems

faults: ## what a tenant may do to another at the worst, and what is cut off or killed; with figures
	$(in_env) -m hack.scripts.suite faults

neighbours: ## a real KEDA, Flux, metrics-server, kubeconform and kube-state-metrics, and Argo CD's own code, on Formations
	$(in_env) -m hack.scripts.suite neighbours

soak: ## random faults and edits, and random stories of gates, for MINUTES=60, by a SEED that is printed
	$(in_env) -m tests.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

fuzz: ## CASES=2000 hostile Formations, by a SEED that is printed, and the property tests with new inputs
	$(in_env) -m tests.fuzz $(if $(CASES),--cases $(CASES)) $(if $(SEED),--seed $(SEED))

monitoring: ## a real Prometheus and promtool: check the alerts, scrape the operator, fire one
	$(in_env) -m hack.scripts.suite monitoring

compat: ## the contract tests and the main e2e on older Kubernetes: the oldest that is supported, and one between
	$(in_env) -m hack.scripts.suite compat

distribution: ## every way to install it, with Helm 3 and 4: install, upgrade, roll back, uninstall; the release twice; linters
	$(in_env) -m hack.scripts.suite distribution

walk: ## type the tutorial, the ways to try it and those to come here, from a Procfile and from plain Deployments, as they stand; record the session's picture
	$(in_env) -m hack.scripts.suite walk

audit: ## ask for known vulnerabilities of everything that is locked: before a release, needs the package index
	$(in_env) -m hack.packaging.audit

release: ## make the release VERSION=1.2.3 in dist/ (IMAGE=registry/name, REPOSITORY=https://host/owner/name: what it names)
	$(in_env) -m hack.packaging "$(VERSION)" --image="$(IMAGE)" --repository="$(REPOSITORY)" --builder="$(BUILDER)"

login: ## log in to REGISTRY=registry.example.com as REGISTRY_USER=me, with the password on standard input
	$(in_env) -m hack.packaging.publish login "$(REGISTRY)" "$(REGISTRY_USER)"

publish: ## push what is in dist/: the image by the name that it was made with, the chart to CHARTS=registry/path
	$(in_env) -m hack.packaging.publish push "$(CHARTS)"

draft: ## put what is in dist/ into a draft of its release on GitHub, by gh
	$(in_env) -m hack.packaging.publish draft

sign: ## sign the image that was pushed, and attach its provenance, by cosign with KEY=cosign.key
	$(in_env) -m hack.packaging.publish sign "$(KEY)"

sample: ## build the sample app's image, and print the file to load it from (docker load --input FILE)
	$(in_env) -m hack.images.build shop

check: ## lint, types, import layers and unit tests: minutes, no cluster
	@hack/scripts/check

timed: ## what compares how long things take: on a machine that does nothing else, before a release
	$(in_env) -m pytest -m timed tests/unit

words: ## accept the sentences that the unit tests find changed: look at what `git diff` shows then
	$(in_env) -m pytest -q -n auto --dist=worksteal -m "not timed" --snapshot-update tests/unit

up: ## start the cluster alone (KUBE_NODE=real|simulated|none)
	$(in_env) -m hack.cluster up

down: ## end the cluster, and what the demo left running on it
	$(in_env) -m hack.cluster down

build: ## build the cluster's binaries into the cache
	$(in_env) -m hack.cluster build

crds: ## generate crds/, manifests/policies/, pages of docs/ and the chart's README from their sources
	$(in_env) -m crds.generate

lock: ## pin every Python package anew (needs uv)
	@hack/scripts/lock

bump-kubernetes: ## pin the cluster to VERSION=1.37.2 of Kubernetes
	$(in_env) -m hack.cluster.bump $(VERSION)

bench: ## how fast and light the operator is, beside others (N=1000 ONLY=converge,scale AGAINST=raw,go OPERATOR=tree)
	$(in_env) -m hack.bench $(if $(N),-n $(N)) $(if $(ONLY),--only $(ONLY)) $(if $(filter undefined,$(origin AGAINST)),,--against="$(AGAINST)") \
		$(foreach tree,$(OPERATOR),--operator $(tree)) $(BENCHFLAGS)

site: ## render the pages into build/site (VERSION=1.2.3 REPOSITORY=https://host/owner/name): needs npm
	$(in_env) -m hack.site --version="$(VERSION)" --repository="$(REPOSITORY)"

site-check: ## the same, and look at each page with a headless browser: needs chromium, too
	$(in_env) -m hack.site --version="$(VERSION)" --repository="$(REPOSITORY)" --check
