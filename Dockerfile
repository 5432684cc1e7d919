# tierops in a container: docker build -t tierops . && docker run --rm -v "$PWD:/work" -e VOUCHERIFY_APP_ID … tierops plan
FROM python:3.13-slim AS build
COPY . /src
RUN python -m venv /opt/tierops && /opt/tierops/bin/pip install --no-cache-dir --constraint /src/constraints.txt "/src[sign]"

FROM python:3.13-slim
COPY --from=build /opt/tierops /opt/tierops
ENV PATH=/opt/tierops/bin:$PATH PYTHONDONTWRITEBYTECODE=1
RUN useradd --create-home --uid 10001 tierops
USER tierops
WORKDIR /work
ENTRYPOINT ["tierops"]
